"""Opens one partition of each stage: its table, its logic and the task that runs it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from faust.types import TP

from agents.alignment import Aligner
from agents.budget import BudgetLogic
from agents.delivery import PartitionTask
from agents.forward import ForwardLogic, NoTable, forward_control, forward_labels
from agents.names import Names
from agents.payee import PayeeLogic, applied_control
from agents.payer import BACKLOG_RECORDS, PayerApplied, PayerLogic
from agents.ports import Chunk
from agents.sweep import Sweeping
from app.alerting import Explainer, log_alert, log_decision
from app.head_sharing import HeadSharing
from app.metrics.stages import StageObserver
from app.ownership import open_table
from app.partitioning import murmur2_partition
from app.sweeping import keep_swept
from app.transport.stages import Opened
from features.payee import PAYEES
from features.payer import PAYERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.faust_app import PrahariApp


_IDLE_S = 2.0


async def _nothing_to_close() -> None:
    return


async def _leave_when_idle(task: PartitionTask, logic: PayerLogic) -> None:
    """Take a partition out of alignment when nothing comes any more; its log may end in a transaction's marker."""
    while True:
        before = logic.applied.source_offset
        await asyncio.sleep(_IDLE_S)
        if task.idle and logic.applied.source_offset == before:
            logic.caught_up()


class StageOpener:
    """Makes the partition tasks of every stage of one worker."""

    def __init__(self, app: PrahariApp) -> None:
        self._app = app
        self._settings = app.prahari
        self._send = app.sender
        self.aligner = Aligner(time.monotonic)
        self.control = app.control_plane
        self._heads = HeadSharing(self.aligner, self._send, self._settings.topic_prefix, lambda: app.client_options)
        partitions = app.conf.topic_partitions
        self._names = Names(lambda key: murmur2_partition(key, partitions))

    async def payer(self, partition: int) -> Opened:
        """Open a partition of `transactions`."""
        await self._heads.start()
        table, close_table = await open_table(self._app, "payers", partition)
        logic = PayerLogic(partition, table, self.aligner, self._names)
        position = logic.applied.source_offset + 1
        await self._align(partition, logic.applied)

        async def close() -> None:
            watch.cancel()
            self.aligner.forget(partition)
            await close_table()

        opened = self._swept(f"payer[{partition}]", Sweeping(logic, table, PAYERS), table, position, close)
        watch = asyncio.create_task(_leave_when_idle(opened.task, logic))
        return opened

    def held(self, topic: str, partition: int) -> bool:
        """Whether a partition may stand still because it waits for others."""
        return topic.endswith("transactions") and self.aligner.catching_up(partition)

    async def _align(self, partition: int, applied: PayerApplied) -> None:
        """Say before it starts whether a payer partition has a backlog, and whom else to expect.

        One whose former owner was in the middle of a backlog goes on with it, however little is left.
        """
        log = TP(self._settings.topic_prefix + "transactions", partition)
        behind = (await self._app.consumer.highwaters(log))[log] - applied.source_offset - 1
        if behind > (0 if applied.catching_up else BACKLOG_RECORDS):
            self.aligner.begin(partition, applied.watermark_ms)
        else:
            self.aligner.leave(partition)
            self.aligner.settle(partition, None)
        ours = {tp.partition for tp in self._app.consumer.assignment() if tp.topic == log.topic}
        self.aligner.expect(set(range(self._app.conf.topic_partitions)) - ours)

    async def payee(self, partition: int) -> Opened:
        """Open a partition of `transactions-by-payee`."""
        table, close_table = await open_table(self._app, "payees", partition)
        logic = PayeeLogic(
            partition,
            table,
            await self.control.open(partition, applied_control(table.applied)),
            rate_ppm=self._settings.alert_rate_ppm,
            send_features=self._settings.decision_features == "all",
            on_decision=log_decision(self._settings) if self._settings.log_events else None,
            on_scored=self.control.drift.observe,
        )

        async def close() -> None:
            self.control.close(partition)
            await close_table()

        position = logic.applied.source_offset + 1
        return self._swept(f"payee[{partition}]", Sweeping(logic, table, PAYEES), table, position, close)

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
        opened.append(self._opened(f"budget[{partition}]", logic, table, position, close))
        return opened[0]

    async def labels(self, partition: int) -> Opened:
        """Open a partition of `labels`."""
        logic = ForwardLogic(lambda records: forward_labels(records, partition))
        return self._opened(f"labels[{partition}]", logic, NoTable(), None, _nothing_to_close)

    async def control_log(self, partition: int) -> Opened:
        """Open the partition of `control`."""
        partitions = self._app.conf.topic_partitions
        logic = ForwardLogic(lambda records: forward_control(records, partitions), in_thread=True)
        return self._opened(f"control[{partition}]", logic, NoTable(), None, _nothing_to_close)

    def _swept(
        self, name: str, sweeping: Sweeping, table: Any, position: int, close_stage: Callable[[], Any]
    ) -> Opened:
        """Return what `_opened` does, with a sweep beside it that ends first."""

        async def close() -> None:
            asking.cancel()
            await close_stage()

        opened = self._opened(name, sweeping, table, position, close)
        asking = asyncio.create_task(keep_swept(opened.task, sweeping))
        return opened

    def _opened(self, name: str, logic: Any, table: Any, position: int | None, close: Callable[[], Any]) -> Opened:
        linger_s, observer = self._settings.commit_linger_s, StageObserver(self._app.metrics, name.partition("[")[0])
        task = PartitionTask(
            name, logic, table, self._send, self._app.end_process, commit_linger_s=linger_s, observer=observer
        )
        return Opened(task, position, close)
