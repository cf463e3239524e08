"""The budget stage: counts every decision of the deployment, in one order, and spends the day's alerts by rank.

Input: `candidates`, one partition, runs and alert rates put in force, in its order. Output: an alert with its reasons
for each admitted candidate, to the payer's partition of `alerts`, and the day's numbers to `alert-budget`. Applied is
the last sequence per payee partition, the alert rate and the budget itself. Reasons cost half a millisecond each:
they are computed off the event loop, so that alerting never blocks scoring.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np
import orjson

from agents.control_record import AlertRatePut, parse_control
from agents.decision import alert_json
from agents.ports import KIND_CONTROL, KIND_HEADER, OFFSET_HEADER, Hold, Outgoing, Part
from agents.run import OUTSIDE_BUDGET, Run, decode_run
from budget.hours import UNKNOWN
from budget.threshold import BudgetState
from features.clock import day_text, ist_minute

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from agents.ports import Chunk, Record
    from agents.run import Candidate
    from budget.threshold import DayReport
    from tables.partition import TablePartition

TOPIC = "candidates"
#: `alert-budget` is written after each alert, and else at most this often; the last numbers always get there.
REPORT_INTERVAL_S = 0.1

#: Gives the reasons of candidates under the versions (model, rules) that decided them; runs in a thread.
Explain = Any


class OnCounted(Protocol):
    """Is told what the budget counted of a payee partition, and which of it became alerts."""

    def __call__(
        self, partition: int, *, until: int, admitted: Collection[int], threshold: Callable[[], int]
    ) -> None: ...


class BudgetApplied(msgspec.Struct, array_like=True):
    """What the budget stage has applied; `next_sequence` by payee partition.

    `control_rate_ppm` is the alert rate of the last record of `control` that set one, at `control_offset`.
    """

    source_offset: int = -1
    next_sequence: dict[int, int] = msgspec.field(default_factory=dict)
    budget: bytes = b""
    control_offset: int = -1
    control_rate_ppm: int | None = None


class BudgetLogic:
    """The budget stage; there is one in a deployment.

    `clock` paces only how often the day's numbers are written; `report_later(seconds)` asks for an empty chunk then;
    `on_counted` is told of each run, for those who wait for one payment.
    """

    def __init__(
        self,
        table: TablePartition,
        rate_ppm: int,
        explain: Explain,
        *,
        clock: Callable[[], float],
        report_later: Callable[[float], None],
        on_alert: Callable[[Candidate], None] = lambda _: None,
        on_counted: OnCounted | None = None,
    ) -> None:
        self._explain = explain
        self._rate_ppm = rate_ppm
        self._clock = clock
        self._report_later = report_later
        self._on_alert = on_alert
        self._on_counted = on_counted
        self._owed: set[int] = set()
        self._asked_later = False
        self._reported_at_s = clock() - REPORT_INTERVAL_S
        data = table.applied
        self.applied = BudgetApplied() if data is None else msgspec.msgpack.decode(data, type=BudgetApplied)
        self.budget = BudgetState.decode(self.applied.budget) if self.applied.budget else BudgetState(rate_ppm)
        self._set_rate()

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield one part for the whole chunk: its state is small and fixed."""
        outputs: list[Outgoing] = []
        self._asked_later = self._asked_later and bool(chunk.records)
        for record in chunk.records:
            if record.offset > self.applied.source_offset and record.value is not None:
                if record.headers and dict(record.headers).get(KIND_HEADER) == KIND_CONTROL:
                    self._control(record)
                else:
                    run = decode_run(record.value)
                    outputs += await self._admit(run)
                    self._owed.update(run.days)
                self.applied.source_offset = record.offset
        outputs += self._reports(after_alert=bool(outputs))
        if chunk.records:
            self.applied.budget = self.budget.encode()
        yield Part(outputs, {}, msgspec.msgpack.encode(self.applied))

    def _control(self, record: Record) -> None:
        """Put an alert rate, or the settings' again, in force from the next run on; a repeat changes nothing."""
        offset = int(dict(record.headers)[OFFSET_HEADER])
        control = parse_control(record.value)
        if offset > self.applied.control_offset and isinstance(control, AlertRatePut):
            self.applied.control_offset, self.applied.control_rate_ppm = offset, control.rate_ppm
            self._set_rate()

    def _set_rate(self) -> None:
        rate_ppm = self.applied.control_rate_ppm
        self.budget.set_rate(self._rate_ppm if rate_ppm is None else rate_ppm)

    async def _admit(self, run: Run) -> list[Outgoing]:
        """Count the part of a run that is new and return the alerts it came to."""
        skip = max(0, self.applied.next_sequence.get(run.payee_partition, 0) - run.first_sequence)
        self.applied.next_sequence[run.payee_partition] = max(
            self.applied.next_sequence.get(run.payee_partition, 0), run.first_sequence + len(run.days)
        )
        counted = [i for i in range(skip, len(run.days)) if run.days[i] != OUTSIDE_BUDGET]
        by_sequence = {candidate.sequence: candidate for candidate in run.candidates}
        minutes = {sequence: ist_minute(one.transaction.event_time_ms) for sequence, one in by_sequence.items()}
        admitted = self.budget.observe_reporting(
            [run.days[i] for i in counted],
            [run.buckets[i] for i in counted],
            [run.first_sequence + i in by_sequence for i in counted],
            [minutes.get(run.first_sequence + i, UNKNOWN) for i in counted],
        )
        if self._on_counted is not None and counted:
            day = run.days[counted[-1]]
            self._on_counted(
                run.payee_partition,
                until=run.first_sequence + len(run.days),
                admitted={run.first_sequence + counted[index] for index, _ in admitted},
                threshold=lambda: self.budget.report(day).threshold,
            )
        alerts = [(by_sequence[run.first_sequence + counted[index]], report) for index, report in admitted]
        return [] if not alerts else await self._alerts(run, alerts)

    async def _alerts(self, run: Run, alerts: Sequence[tuple[Candidate, DayReport]]) -> list[Outgoing]:
        rows = np.array([candidate.features for candidate, _ in alerts])
        versions = (run.model_version, run.rules_version)
        reasons = await asyncio.to_thread(self._explain, rows, [candidate for candidate, _ in alerts], versions)
        outputs = []
        for (candidate, report), why in zip(alerts, reasons, strict=True):
            self._on_alert(candidate)
            value = alert_json(candidate, why, versions, run.payee_partition, report_fields(report))
            key = candidate.transaction.payer_vpa.encode()
            outputs.append(Outgoing("alerts", candidate.payer_partition, key, value))
        return outputs

    def _reports(self, *, after_alert: bool) -> list[Outgoing]:
        """Return the numbers of the days that changed, or none yet and a chunk without records later."""
        self._owed.discard(OUTSIDE_BUDGET)
        due_s = self._reported_at_s + REPORT_INTERVAL_S - self._clock()
        if not self._owed:
            return []
        if due_s > 0 and not after_alert:
            if not self._asked_later:
                self._asked_later = True
                self._report_later(due_s)
            return []
        days, self._owed = sorted(self._owed), set()
        self._reported_at_s = self._clock()
        return [
            Outgoing("alert-budget", 0, day_text(day).encode(), orjson.dumps(report_fields(self.budget.report(day))))
            for day in days
        ]


def report_fields(report: DayReport) -> dict[str, object]:
    """Return a day's numbers as they stand in `alert-budget` and in each alert."""
    return {**asdict(report), "day": day_text(report.day)}
