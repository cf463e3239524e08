"""Rank admission: who gets one of the day's few alerts, decided one transaction at a time and never taken back.

The ledger says how many alerts a day may hold; the day's plan (`day`) says which scores deserve them, by comparing what
the day has brought with what days usually bring (`history`, `forecast`). Every answer is a function of the
transactions before it, in their order, and of nothing else; all state is integers.

Two plans are kept, those of the days touched last: days interleave freely. A late transaction of a day without a plan
begins one anew, which knows the ledger's numbers but no longer the day's scores. Layout of `encode`: version byte,
ledger, history, newest day begun + 1, number of plans, plans from the one touched longest ago (as their modules say).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from budget.batch import batch_of, check_columns, check_one
from budget.codec import Reader, put_uints
from budget.day import Day
from budget.history import History
from budget.hours import UNKNOWN
from budget.ledger import Ledger, get_ledger, put_ledger
from budget.report import DayReport, report_day

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from budget.batch import Batch, Minutes

__all__ = ["BudgetState", "DayReport"]

VERSION = 4
PLANS_MAX = 2
_SHORT_RUN = 16


class BudgetState:
    """The whole budget. Mutable; one owner at a time.

    >>> budget = BudgetState(rate_ppm=5_000)
    >>> sum(budget.observe(20_000, number * 7919 % 1000, is_candidate=True) for number in range(20_000))
    99
    >>> budget.report(20_000).limit
    100
    """

    __slots__ = ("_begun", "_history", "_last", "_plans", "ledger")

    def __init__(self, rate_ppm: int) -> None:
        self.ledger = Ledger(rate_ppm)
        self._history = History()
        self._plans: dict[int, Day] = {}
        self._last: Day | None = None
        self._begun = -1

    def set_rate(self, rate_ppm: int) -> None:
        """Put another alert rate (per million) in force from the next transaction on."""
        self.ledger.set_rate(rate_ppm)

    def observe(self, day: int, bucket: int, is_candidate: bool, minute: int = UNKNOWN) -> bool:
        """Count one transaction and say whether it gets an alert; a non-candidate is counted and never admitted.

        `day` is the IST day since 1970-01-01, `bucket` the score, 0..1023, `minute` a candidate's minute of the day. Of
        a day too old for the ledger, nothing changes. ValueError, and nothing changed either, on what cannot be.
        """
        check_one(bucket, minute)
        return self._observe_one(day, bucket, is_candidate, minute)

    def _observe_one(self, day: int, bucket: int, is_candidate: bool, minute: int) -> bool:
        if not self.ledger.add(day):
            return False
        plan = self._touch(day)
        plan.fresh[bucket] += 1
        plan.fresh_count += 1
        if is_candidate and minute > plan.minute:
            plan.minute = minute
        admitted = is_candidate and bucket >= plan.forecast.bucket and self._admit(plan, bucket)
        if plan.is_due:
            plan.review(self._history, self.ledger)
        return admitted

    def observe_run(
        self, days: Sequence[int], buckets: Sequence[int], candidates: Sequence[bool], minutes: Minutes = None
    ) -> list[int]:
        """Observe several transactions in order; return the positions of those admitted. Equal to one at a time."""
        return list(self._observe(days, buckets, candidates, minutes))

    def observe_reporting(
        self, days: Sequence[int], buckets: Sequence[int], candidates: Sequence[bool], minutes: Minutes = None
    ) -> list[tuple[int, DayReport]]:
        """As `observe_run`, each position with its day's report right after that admission."""
        admitted = self._observe(days, buckets, candidates, minutes)
        return [(index, self.report(days[index])) for index in admitted]

    def report(self, day: int) -> DayReport:
        """Return the day's numbers; zeros for a day that the budget does not know."""
        return report_day(self.ledger, self._plans.get(day), day)

    def encode(self) -> bytes:
        """Return the state as bytes, about 8 KiB."""
        out = bytearray([VERSION])
        put_ledger(out, self.ledger)
        self._history.put(out)
        put_uints(out, (self._begun + 1, len(self._plans)))
        for plan in self._plans.values():
            plan.put(out)
        return bytes(out)

    @classmethod
    def decode(cls, data: bytes) -> BudgetState:
        """Read back what `encode` wrote; ValueError on anything else."""
        reader = Reader(data, version=VERSION, what="budget state")
        state = cls(0)
        state.ledger = get_ledger(reader)
        state._history = History.get(reader)
        state._begun = reader.uint() - 1
        for _ in range(reader.uint()):
            state._last = plan = Day.get(reader)
            state._plans[plan.day] = plan
        reader.end()
        return state

    def _touch(self, day: int) -> Day:
        """Return the day's plan, begun if need be, and remember it as the one touched last."""
        if self._last is not None and self._last.day == day:
            return self._last
        plan = self._plans.pop(day, None) or self._begin(day)
        self._plans[day] = self._last = plan
        return plan

    def _begin(self, day: int) -> Day:
        """Begin a day: a later one than any before closes those, and the plan touched longest ago makes room."""
        if day > self._begun:
            self._begun = day
            self._history.begin_day()
            for known in self._plans.values():
                known.close(self._history)
        if len(self._plans) >= PLANS_MAX:
            self._plans.pop(next(iter(self._plans))).close(self._history)
        plan = Day(day, closed=day < self._begun)
        plan.review(self._history, self.ledger)
        return plan

    def _admit(self, plan: Day, bucket: int) -> bool:
        if bucket < plan.lowest(self.ledger.unspent(plan.day)):
            return False
        self.ledger.spend(plan.day)
        plan.spendable -= 1
        return True

    def _observe(
        self, days: Sequence[int], buckets: Sequence[int], candidates: Sequence[bool], minutes: Minutes
    ) -> Iterator[int]:
        """Yield each admitted position before anything after it is counted; few cost less without columns."""
        if len(days) >= _SHORT_RUN:
            return self._observe_batch(batch_of(days, buckets, candidates, minutes))
        given = [UNKNOWN] * len(days) if minutes is None else minutes
        check_columns(days, buckets, candidates, given)
        some = zip(days, buckets, candidates, given, strict=True)
        return (at for at, one in enumerate(some) if self._observe_one(*one))

    def _observe_batch(self, batch: Batch) -> Iterator[int]:
        at, count = 0, len(batch.days)
        for end in (*(np.flatnonzero(np.diff(batch.days)) + 1).tolist(), count):
            while at < end:
                day, bucket, may_alert, minute = (column[at].item() for column in batch)
                if self._observe_one(day, bucket, may_alert, minute):
                    yield at
                at += 1
                stop = min(end, at + self._quiet(day))
                if stop - at >= _SHORT_RUN:
                    at += yield from self._observe_quiet(at, batch.part(at, stop))

    def _quiet(self, day: int) -> int:
        """Return how many more transactions of this day come before one that causes a review."""
        plan = self._last
        return plan.review_size - plan.fresh_count - 1 if plan is not None and plan.day == day else 0

    def _observe_quiet(self, start: int, batch: Batch) -> Generator[int, None, int]:
        """Observe transactions of the day touched last, too few for a review unless alerts cause it; say how many."""
        plan, buckets = self._last, batch.buckets
        assert plan is not None  # noqa: S101 - the caller has just touched it
        counted = 0
        for hit in np.flatnonzero(batch.may_alert & (buckets >= plan.forecast.bucket)).tolist():
            self.ledger.add(plan.day, hit + 1 - counted)
            counted = hit + 1
            if self._admit(plan, int(buckets[hit])):
                if due := plan.spendable <= 0:
                    plan.take(buckets[:counted], batch.minutes[:counted])
                    plan.review(self._history, self.ledger)
                yield start + hit
                if due:
                    return counted
        self.ledger.add(plan.day, len(buckets) - counted)
        plan.take(buckets, batch.minutes)
        return len(buckets)
