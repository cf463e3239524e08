"""Spends the day's alerts over replayed decisions exactly as the payee and budget stages do live."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from budget.candidates import CandidateFilter
from budget.threshold import BudgetState
from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS, MINUTE_MS
from features.murmur import murmur2_partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from budget.threshold import DayReport

OUTSIDE_BUDGET = -1
_ACCOUNTS_CACHED = 1 << 20


class Moment(NamedTuple):
    """The budget's numbers right after the payment of this time."""

    time_ms: int
    report: DayReport


class Spender:
    """One candidate filter per payee partition, then one budget, in the order given.

    `partition_of` says where a payee's account lives, as Kafka's default partitioner does. `moments` holds the budget's
    numbers at the end of each hour with payments in it.

    >>> spender = Spender(rate_ppm=500_000, partitions=1)
    >>> spender.spend([0, 0, 0], ["a@x"] * 3, [20_000] * 3, [10, 900, 20]).tolist()
    [False, True, False]
    """

    def __init__(self, rate_ppm: int, partitions: int) -> None:
        self.budget = BudgetState(rate_ppm)
        self.moments: list[Moment] = []
        self._filters = [CandidateFilter(rate_ppm) for _ in range(partitions)]
        self.partition_of = lru_cache(_ACCOUNTS_CACHED)(lambda vpa: murmur2_partition(vpa.encode(), partitions))

    def spend(
        self, times_ms: Sequence[int], payees: Sequence[str], days: Sequence[int], buckets: Sequence[int]
    ) -> NDArray[np.bool_]:
        """Return which of these payments get an alert, where filter and budget see them in one order."""
        may_alert = self.consider([self.partition_of(payee) for payee in payees], days, buckets)
        return self.admit(times_ms, days, buckets, may_alert)

    def consider(self, partitions: Sequence[int], days: Sequence[int], buckets: Sequence[int]) -> list[bool]:
        """Return which payments may become alerts, each payee partition's in its order; none outside the budget."""
        filters = self._filters
        return [
            day != OUTSIDE_BUDGET and filters[partition].consider(bucket)
            for partition, day, bucket in zip(partitions, days, buckets, strict=True)
        ]

    def admit(
        self, times_ms: Sequence[int], days: Sequence[int], buckets: Sequence[int], may_alert: Sequence[bool]
    ) -> NDArray[np.bool_]:
        """Return which of these payments get an alert, in the budget's order."""
        admitted = np.zeros(len(days), bool)
        counted = np.flatnonzero(np.array(days, np.int64) != OUTSIDE_BUDGET)
        ist_ms = np.array(times_ms, np.int64) + IST_OFFSET_MS
        hours, minutes = ist_ms[counted] // HOUR_MS, ist_ms % DAY_MS // MINUTE_MS
        start = 0
        for end in (*(np.flatnonzero(np.diff(hours)) + 1).tolist(), len(counted)):
            part = counted[start:end].tolist()
            start = end
            if part:
                hits = self.budget.observe_run(
                    [days[index] for index in part],
                    [buckets[index] for index in part],
                    [may_alert[index] for index in part],
                    minutes[part].tolist(),
                )
                admitted[[part[hit] for hit in hits]] = True
                self._remember(times_ms[part[-1]], days[part[-1]])
        return admitted

    def _remember(self, time_ms: int, day: int) -> None:
        """Keep the newest numbers of each hour."""
        moment = Moment(time_ms, self.budget.report(day))
        if self.moments and _hour(self.moments[-1].time_ms) == _hour(time_ms):
            self.moments[-1] = moment
        else:
            self.moments.append(moment)


def _hour(time_ms: int) -> int:
    return (time_ms + IST_OFFSET_MS) // HOUR_MS
