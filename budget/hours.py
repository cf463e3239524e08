"""How much of a day is still to come, told by the clock: past days' payments by the hour, and the minute reached.

A day twice as large as usual has brought twice as much by ten in the morning; its size alone would say that it is half
over. The minute is the highest of the day's candidates so far, event time: only candidates carry one. A day's first
hours prove little, so its pace counts beside a sixteenth of a usual day at the usual pace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HOURS = 24
MINUTES_PER_HOUR = 60
UNKNOWN = -1
"""The minute of a day that has not brought a candidate, or of payments that are given without a time."""

_USUAL_PART = 16


def left_of_day(hours: Sequence[int], minute: int, seen: int, expected: int) -> int:
    """Return how many payments are still to come of a day that has brought `seen` by this minute.

    `hours` are the payments of past days by hour, in any unit, none of them negative; `expected` is a usual day.

    >>> even = [100] * 24
    >>> left_of_day(even, 12 * 60, 500, 1_000), left_of_day(even, 12 * 60, 1_000, 1_000)
    (500, 944)
    >>> left_of_day(even, UNKNOWN, 700, 1_000), left_of_day([0] * 24, 600, 700, 1_000)
    (300, 300)
    """
    whole = sum(hours) * MINUTES_PER_HOUR
    if minute == UNKNOWN or not whole:
        return max(0, expected - seen)
    hour, within = divmod(minute, MINUTES_PER_HOUR)
    due = expected * (sum(hours[:hour]) * MINUTES_PER_HOUR + hours[hour] * within) // whole
    usual = expected // _USUAL_PART + 1
    return (expected - due) * (seen + usual) // (due + usual)
