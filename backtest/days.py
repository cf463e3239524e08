"""Counts each IST day: what was seen, alerted and caught, and what hindsight would have caught under the same limit.

A day's buckets are kept, 3 bytes a payment, until a later day makes it unlikely that more comes; then only its sums
stay. What comes for a day after that is counted apart and added to its sums.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from backtest.spend import OUTSIDE_BUDGET
from budget.offline import Regret, measure_regret

if TYPE_CHECKING:
    from backtest.decide import Block

#: A day is summed up when one so many days later has begun.
OPEN_DAYS = 3


@dataclass(slots=True)
class DaySums:
    """One IST day in sums; `frauds`, `caught` and `false_alarms` count payments with a verdict only."""

    seen: int = 0
    labelled: int = 0
    frauds: int = 0
    alerts: int = 0
    caught: int = 0
    false_alarms: int = 0
    fraud_paise: int = 0
    caught_paise: int = 0
    limit: int = 0
    caught_under_limit: int = 0
    caught_of_finished_day: int = 0
    catchable: int = 0

    @property
    def regret(self) -> Regret:
        """What was caught, beside both yardsticks."""
        return Regret(self.caught, self.caught_under_limit, self.caught_of_finished_day)


@dataclass(slots=True)
class _Open:
    buckets: array[int] = field(default_factory=lambda: array("h"))
    frauds: bytearray = field(default_factory=bytearray)
    admitted: list[int] = field(default_factory=list)


class Days:
    """The sums of every day, by day number; payments outside the budget are left out."""

    def __init__(self, rate_ppm: int) -> None:
        self.sums: dict[int, DaySums] = {}
        self._rate_ppm = rate_ppm
        self._open: dict[int, _Open] = {}
        self._newest = OUTSIDE_BUDGET

    def add(self, block: Block) -> None:
        """Count a block."""
        for day in np.unique(block.days).tolist():
            if day != OUTSIDE_BUDGET:
                self._add_day(day, block, block.days == day)
        self._newest = max(self._newest, int(block.days.max(initial=OUTSIDE_BUDGET)))
        for day in [day for day in self._open if day <= self._newest - OPEN_DAYS]:
            self._close(day)

    def close(self) -> None:
        """Sum up what is still open."""
        for day in list(self._open):
            self._close(day)
        self.sums = dict(sorted(self.sums.items()))

    def _add_day(self, day: int, block: Block, mine: np.ndarray) -> None:
        sums, kept = self.sums.setdefault(day, DaySums()), self._open.setdefault(day, _Open())
        frauds, alerted, amounts = block.frauds[mine], block.alerted[mine], block.amounts_paise[mine]
        fraud = frauds == 1
        sums.seen += len(frauds)
        sums.labelled += int((frauds >= 0).sum())
        sums.frauds += int(fraud.sum())
        sums.alerts += int(alerted.sum())
        sums.caught += int((alerted & fraud).sum())
        sums.false_alarms += int((alerted & (frauds == 0)).sum())
        sums.fraud_paise += int(amounts[fraud].sum())
        sums.caught_paise += int(amounts[fraud & alerted].sum())
        kept.admitted += (np.flatnonzero(alerted) + len(kept.buckets)).tolist()
        kept.buckets.frombytes(block.buckets[mine].astype(np.int16).tobytes())
        kept.frauds += fraud.astype(np.uint8).tobytes()

    def _close(self, day: int) -> None:
        kept, sums = self._open.pop(day), self.sums[day]
        count = len(kept.buckets)
        found = measure_regret(
            kept.buckets.tolist(), [flag == 1 for flag in kept.frauds], kept.admitted, self._rate_ppm
        )
        limit = count * self._rate_ppm // 1_000_000
        sums.limit += limit
        sums.caught_under_limit += found.caught_under_limits
        sums.caught_of_finished_day += found.caught_of_finished_day
        sums.catchable += min(limit, sum(kept.frauds))
