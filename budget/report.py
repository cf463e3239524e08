"""What `alert-budget` and each alert say about a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from budget.ledger import MILLION
from budget.tails import BUCKETS

if TYPE_CHECKING:
    from budget.day import Day
    from budget.ledger import Ledger


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


def report_day(ledger: Ledger, plan: Day | None, day: int) -> DayReport:
    """Return the numbers of a day; zeros for one that the ledger does not know.

    >>> from budget.ledger import Ledger
    >>> report_day(Ledger(5_000), None, 20_000)
    DayReport(day=20000, seen=0, alerted=0, limit=0, threshold=1024, pace_ppm=0)
    """
    entry = ledger.days.get(day)
    if entry is None:
        return DayReport(day, 0, 0, 0, BUCKETS, 0)
    return DayReport(
        day=day,
        seen=entry.seen,
        alerted=entry.alerted,
        limit=ledger.limit(day),
        threshold=BUCKETS if plan is None else plan.lowest(ledger.unspent(day)),
        pace_ppm=entry.alerted * MILLION * MILLION // max(1, entry.accrued_ppm),
    )
