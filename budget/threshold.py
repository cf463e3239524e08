"""Rank admission: who gets one of the day's few alerts, decided one transaction at a time and never taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from budget.codec import Reader, put_histogram, put_uint, put_uints
from budget.forecast import BUCKETS, Threshold, find_threshold
from budget.ledger import MILLION, Ledger, get_ledger, put_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1
_ONE = 1 << 20
_REVIEW_EVERY = 128


@dataclass(frozen=True, slots=True)
class DayReport:
    """One IST day's budget now.

    `threshold` is the lowest score bucket that could be admitted (1024: none at present), `pace_ppm` the share of the
    allowance accrued so far that is spent (1,000,000: as fast as it accrues).
    """

    day: int
    seen: int
    alerted: int
    limit: int
    threshold: int
    pace_ppm: int


class _Day:
    __slots__ = ("counts", "credit", "review_at", "seen", "threshold")

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.seen = 0
        self.credit = 0
        self.review_at = 0
        self.threshold = Threshold(BUCKETS, 0)


class BudgetState:
    """The whole budget: ledger, history of scores, plan of the days in progress. Mutable; one owner at a time."""

    def __init__(self, rate_ppm: int) -> None:
        self.ledger = Ledger(rate_ppm)
        self._history = [0] * BUCKETS
        self._days: dict[int, _Day] = {}

    def set_rate(self, rate_ppm: int) -> None:
        """Put another alert rate (per million) in force from the next transaction on."""
        self.ledger.set_rate(rate_ppm)

    def learn(self, day: int, bucket: int) -> None:
        """Let one past transaction teach the threshold without counting it: warm-up, which sees and alerts nothing."""
        self._history[bucket] += 1

    def observe(self, day: int, bucket: int, is_candidate: bool) -> bool:
        """Count one transaction and say whether it gets an alert; a non-candidate is counted and never admitted."""
        if not self.ledger.add(day):
            return False
        plan = self._days.get(day)
        if plan is None:
            plan = self._days[day] = _Day()
        plan.counts[bucket] += 1
        plan.seen += 1
        if plan.seen >= plan.review_at:
            self._review(day, plan)
        if not is_candidate or bucket < plan.threshold.bucket:
            return False
        return self._admit(day, plan, bucket)

    def observe_run(self, days: Sequence[int], buckets: Sequence[int], candidates: Sequence[bool]) -> list[int]:
        """Observe several transactions in order; return the positions of those admitted. Equal to one at a time."""
        return [index for index, _ in self.observe_reporting(days, buckets, candidates)]

    def observe_reporting(
        self, days: Sequence[int], buckets: Sequence[int], candidates: Sequence[bool]
    ) -> list[tuple[int, DayReport]]:
        """As `observe_run`, each position with its day's report right after that admission."""
        admitted = []
        for index, (day, bucket, is_candidate) in enumerate(zip(days, buckets, candidates, strict=True)):
            if self.observe(day, bucket, is_candidate):
                admitted.append((index, self.report(day)))
        return admitted

    def report(self, day: int) -> DayReport:
        """Return the day's numbers; zeros for a day that the budget does not know."""
        entry = self.ledger.days.get(day)
        plan = self._days.get(day)
        seen, alerted, accrued = (entry.seen, entry.alerted, entry.accrued_ppm) if entry else (0, 0, 0)
        return DayReport(
            day=day,
            seen=seen,
            alerted=alerted,
            limit=self.ledger.limit(day),
            threshold=plan.threshold.bucket if plan else BUCKETS,
            pace_ppm=alerted * MILLION * MILLION // accrued if accrued else 0,
        )

    def _review(self, day: int, plan: _Day) -> None:
        plan.review_at = plan.seen + _REVIEW_EVERY
        remaining = plan.seen + 1_000
        entry = self.ledger.days[day]
        supply = self.ledger.unspent(day) * MILLION + self.ledger.rate_ppm * remaining
        plan.threshold = find_threshold(
            self._history, plan.counts, seen=entry.seen, remaining=remaining, supply=supply, weight=sum(self._history)
        )

    def _admit(self, day: int, plan: _Day, bucket: int) -> bool:
        if bucket == plan.threshold.bucket:
            plan.credit += plan.threshold.share
            if plan.credit < _ONE:
                return False
            plan.credit -= _ONE
        if not self.ledger.unspent(day):
            return False
        self.ledger.spend(day)
        self._review(day, plan)
        return True

    def encode(self) -> bytes:
        """Return the state as bytes."""
        out = bytearray([VERSION])
        put_ledger(out, self.ledger)
        put_histogram(out, self._history)
        put_uint(out, len(self._days))
        for day in sorted(self._days):
            plan = self._days[day]
            put_uints(out, (day, plan.seen, plan.credit, plan.review_at, *plan.threshold))
            put_histogram(out, plan.counts)
        return bytes(out)

    @classmethod
    def decode(cls, data: bytes) -> BudgetState:
        """Read back what `encode` wrote; ValueError on anything else."""
        reader = Reader(data, version=VERSION, what="budget state")
        state = cls(0)
        state.ledger = get_ledger(reader)
        state._history = reader.histogram(BUCKETS)
        for _ in range(reader.uint()):
            plan = state._days[reader.uint()] = _Day()
            plan.seen, plan.credit, plan.review_at, bucket, share = reader.uints(5)
            plan.threshold = Threshold(bucket, share)
            plan.counts = reader.histogram(BUCKETS)
        reader.end()
        return state
