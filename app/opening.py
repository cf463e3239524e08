"""Opens one partition of each stage: its table, its logic and the task that runs it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from faust.types import TP

from agents.alignment import Aligner
from agents.budget import BudgetLogic
from agents.commit_slots import commit_phase
from agents.crew import Crew
from agents.deciding import Decider
from agents.delivery import PartitionTask
from agents.forward import ForwardLogic, NoTable, forward_control, forward_labels
from agents.payee import PayeeLogic, PayeeStage, applied_control
from agents.payer import PayerApplied, PayerLogic, has_backlog
from agents.payer_stage import PayerStage
from agents.places import homes_in
from agents.ports import Chunk
from agents.sweep import Sweeping
from app.alerting import Explainer, log_alert, log_decision
from app.head_sharing import HeadSharing
from app.leaving import leave_when_idle, or_close
from app.metrics.stages import StageObserver
from app.overdue_labels import GroupOffsets, take_overdue
from app.ownership import open_table
from app.sweeping import keep_swept
from app.transport.stages import Opened
from features.payee import PAYEES
from features.payer import PAYERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.ports import JointLogic
    from app.faust_app import PrahariApp


async def _nothing_to_close() -> None:
    return


class StageOpener:
    """Makes the partition tasks of every stage of one worker."""

    def __init__(self, app: PrahariApp) -> None:
        self._app = app
        self._settings = app.prahari
        self._send = app.sender
        self.aligner = Aligner(time.monotonic, lambda: time.time() * 1_000)
        self.control = app.control_plane
        self._heads = HeadSharing(self.aligner, self._settings.topic_prefix, lambda: app.client_options)
        self._homes = homes_in(app.conf.topic_partitions)
        self._payers = PayerStage(self.aligner, self._homes)
        self._payees = PayeeStage(
            Decider(
                send_features=self._settings.decision_features == "all",
                on_decision=log_decision(self._settings) if self._settings.log_events else None,
                on_scored=self.control.drift.observe,
            )
        )
        self._payer_crew, self._payee_crew = self._crew("payer", self._payers), self._crew("payee", self._payees)
        self._payers.wake = self._payer_crew.tell

    def _crew(self, stage: str, joint: JointLogic) -> Crew:
        observer = StageObserver(self._app.metrics, stage)
        return Crew(stage, self._send, self._app.end_process, joint=joint, observer=observer)

    async def payer(self, partition: int) -> Opened:
        """Open a partition of `transactions`."""
        await self._heads.start()
        table, close_table = await open_table(self._app, "payers", partition)
        logic = PayerLogic(partition, table, self.aligner, self._homes)
        position = logic.applied.source_offset + 1
        taking = take_overdue(GroupOffsets(self._app), self._app.client_options, self._settings.topic_prefix, logic)
        await or_close(taking, table, close_table)
        await or_close(self._align(partition, logic.applied), table, close_table)

        async def close() -> None:
            watch.cancel()
            self.aligner.forget(partition)
            del self._payers.lanes[partition]
            await close_table()

        self._payers.lanes[partition] = logic
        sweeping = Sweeping(logic, table, PAYERS)
        opened = self._swept(self._payer_crew, partition, sweeping, position, close, lease=logic.lease)
        watch = asyncio.create_task(leave_when_idle(opened.task, logic))
        return opened

    def held(self, topic: str, partition: int) -> bool:
        """Whether a partition stands still because it waits for others."""
        return topic.endswith("transactions") and self.aligner.held(partition)

    async def _align(self, partition: int, applied: PayerApplied) -> None:
        """Say before it starts whether a payer partition has a backlog, and whom else to expect."""
        log = TP(self._settings.topic_prefix + "transactions", partition)
        behind = (await self._app.consumer.highwaters(log))[log] - applied.source_offset - 1
        if has_backlog(applied, behind, int(time.time() * 1_000)):
            self.aligner.begin(partition, applied.watermark_ms)
        else:
            self.aligner.leave(partition)
            self.aligner.settle(partition, None)
        ours = {tp.partition for tp in self._app.consumer.assignment() if tp.topic == log.topic}
        self.aligner.expect(set(range(self._app.conf.topic_partitions)) - ours)

    async def payee(self, partition: int) -> Opened:
        """Open a partition of `transactions-by-payee`."""
        table, close_table = await open_table(self._app, "payees", partition)
        applied = applied_control(table.applied)
        controlled = await or_close(self.control.open(partition, applied), table, close_table)
        rate_ppm, decider = self._settings.alert_rate_ppm, self._payees.decider
        logic = PayeeLogic(partition, table, controlled, rate_ppm=rate_ppm, decider=decider)

        async def close() -> None:
            self.control.close(partition)
            del self._payees.lanes[partition]
            await close_table()

        self._payees.lanes[partition] = logic
        position = logic.applied.source_offset + 1
        return self._swept(self._payee_crew, partition, Sweeping(logic, table, PAYEES), position, close)

    async def budget(self, partition: int) -> Opened:
        """Open the partition of `candidates`."""
        table, close = await open_table(self._app, "budget", partition)
        loop = asyncio.get_running_loop()
        opened: list[Opened] = []

        def report_later(delay_s: float) -> None:
            loop.call_later(delay_s, lambda: opened[0].task.deliver(Chunk([], lambda: None)))

        logic = BudgetLogic(
            table,
            self._settings.alert_rate_ppm,
            Explainer(self.control.scorers.by_versions),
            clock=loop.time,
            report_later=report_later,
            on_alert=log_alert(self._settings),
            on_counted=self._app.admissions.counted,
        )
        self._app.admissions.begin(logic.applied.next_sequence)
        position = logic.applied.source_offset + 1
        opened.append(self._opened("budget", partition, logic, table, position, close))
        return opened[0]

    async def labels(self, partition: int) -> Opened:
        """Open a partition of `labels`."""
        logic = ForwardLogic(lambda records: forward_labels(records, partition))
        return self._opened("labels", partition, logic, NoTable(), None, _nothing_to_close)

    async def control_log(self, partition: int) -> Opened:
        """Open the partition of `control`."""
        partitions = self._app.conf.topic_partitions
        logic = ForwardLogic(lambda records: forward_control(records, partitions), in_thread=True)
        return self._opened("control", partition, logic, NoTable(), None, _nothing_to_close)

    def _swept(
        self, crew: Crew, partition: int, sweeping: Sweeping, position: int, close_stage: Callable[[], Any], **more: Any
    ) -> Opened:
        """Return a partition that a crew works on, with a sweep beside it that ends first."""

        async def close() -> None:
            asking.cancel()
            await close_stage()

        opened = self._opened(crew.name, partition, sweeping, sweeping.table, position, close, crew=crew, **more)
        asking = asyncio.create_task(keep_swept(opened.task, sweeping))
        return opened

    def _opened(  # noqa: PLR0917 - what a partition is opened with
        self,
        stage: str,
        partition: int,
        logic: Any,
        table: Any,
        position: int | None,
        close: Callable[[], Any],
        **more: Any,
    ) -> Opened:
        task = PartitionTask(
            f"{stage}[{partition}]",
            logic,
            table,
            self._send,
            self._app.end_process,
            commit_linger_s=self._settings.commit_linger_s,
            commit_phase=commit_phase(stage, partition),
            observer=StageObserver(self._app.metrics, stage),
            partition=partition,
            **more,
        )
        return Opened(task, position, close)
