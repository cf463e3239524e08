"""Counts per IST day what was seen and what was alerted, and never lets the second outgrow its share of the first.

The invariant, at every moment and for every day: alerted <= floor(rate_ppm * seen / 1,000,000). It is kept here, by the
only function that adds an alert, so no policy above it can break it. All numbers are integers; an IST day is its
number of days since 1970-01-01.

A rate changed during a day counts from the next transaction: each transaction brings the rate in force when it was
seen, and a limit is never above what the present rate would have given the whole day. After a cut a day may hold
more alerts than its new limit; it then gets no more until the limit has caught up.

Days interleave freely. The newest day seen and the 39 before it are kept. A transaction of an older day is outside the
budget: it is not counted and cannot be alerted, whether its day was dropped or never seen, so a dropped day can never
be opened again and spend twice. (A payment more than 30 days late does not come here at all, and one from the future
is rejected long before, so neither edge is met in ordinary work.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from budget.codec import packed, put_uints

if TYPE_CHECKING:
    from budget.codec import Reader

MILLION = 1_000_000
DAYS_MAX = 40


@dataclass(slots=True)
class DayCount:
    """One IST day: transactions seen, alerts given, and the sum over the transactions of the rate each was seen at."""

    seen: int = 0
    alerted: int = 0
    accrued_ppm: int = 0


class Ledger:
    """The only place that counts alerts.

    >>> ledger = Ledger(rate_ppm=5_000)
    >>> ledger.add(day=20_000, count=399)
    True
    >>> ledger.limit(20_000), ledger.unspent(20_000)
    (1, 1)
    >>> ledger.spend(20_000)
    >>> ledger.unspent(20_000)
    0
    """

    __slots__ = ("days", "newest_day", "rate_ppm")

    def __init__(self, rate_ppm: int) -> None:
        self.days: dict[int, DayCount] = {}
        self.newest_day = -1
        self.set_rate(rate_ppm)

    def set_rate(self, rate_ppm: int) -> None:
        """Put another rate in force (alerts per million transactions) from the next transaction on."""
        if not 0 <= rate_ppm <= MILLION:
            raise ValueError(
                f"needed an alert rate of 0 to 1,000,000 per million, got {rate_ppm}; set PRAHARI_ALERT_RATE"
            )
        self.rate_ppm = rate_ppm

    def admits_day(self, day: int) -> bool:
        """Say whether a transaction of this IST day is still inside the budget."""
        return day > self.newest_day - DAYS_MAX

    def add(self, day: int, count: int = 1) -> bool:
        """Count transactions of one IST day; False, and nothing counted, if the day is too old for the budget."""
        entry = self.days.get(day)
        if entry is None:
            if not self.admits_day(day):
                return False
            entry = self._open(day)
        entry.seen += count
        entry.accrued_ppm += count * self.rate_ppm
        return True

    def limit(self, day: int) -> int:
        """Return the most alerts the day may hold now; 0 for a day not seen."""
        entry = self.days.get(day)
        return 0 if entry is None else min(entry.accrued_ppm, self.rate_ppm * entry.seen) // MILLION

    def unspent(self, day: int) -> int:
        """Return how many alerts the day may still give now; never negative."""
        entry = self.days.get(day)
        return 0 if entry is None else max(0, self.limit(day) - entry.alerted)

    def spend(self, day: int) -> None:
        """Count one alert; ValueError, and nothing counted, if the day's limit does not hold one more."""
        if self.unspent(day) < 1:
            raise ValueError(f"needed an unspent alert on day {day}, got limit {self.limit(day)} already reached")
        self.days[day].alerted += 1

    def _open(self, day: int) -> DayCount:
        if day < 0:
            raise ValueError(f"needed an IST day counted from 1970-01-01, got {day}")
        if day > self.newest_day:
            self.newest_day = day
            for old in [known for known in self.days if not self.admits_day(known)]:
                del self.days[old]
        entry = self.days[day] = DayCount()
        return entry


def put_ledger(out: bytearray, ledger: Ledger) -> None:
    """Append rate, newest day + 1, number of days; then per day in order: day, seen, alerted, accrued_ppm."""
    put_uints(out, (ledger.rate_ppm, ledger.newest_day + 1, len(ledger.days)))
    for day in sorted(ledger.days):
        entry = ledger.days[day]
        out += packed((day, entry.seen, entry.alerted, entry.accrued_ppm))


def get_ledger(reader: Reader) -> Ledger:
    """Read back what `put_ledger` wrote; ValueError on a ledger that this code cannot have written."""
    ledger = Ledger(rate_ppm=reader.uint())
    ledger.newest_day = reader.uint() - 1
    for _ in range(reader.uint()):
        day, seen, alerted, accrued_ppm = reader.uints(4)
        if not ledger.admits_day(day) or day > ledger.newest_day or alerted * MILLION > accrued_ppm:
            raise ValueError(f"needed a day within its limit, got day {day} with {alerted} alerts of {seen} seen")
        ledger.days[day] = DayCount(seen, alerted, accrued_ppm)
    return ledger
