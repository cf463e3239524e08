"""What day and hour it is in India: weekdays, paydays, festivals, and when which people pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS
from simulator.dice import Dice, Floats, Ids, Ints, as_ints

SALARIED, SELF_EMPLOYED, STUDENT, HOMEMAKER, NIGHT_WORKER, RETIRED = range(6)
WALKS = ("salaried", "self-employed", "student", "homemaker", "night worker", "retired")
"""Walks of life: each has its own hours, days and habits."""

_TABLE_STEPS = 1024
_HOURS = (
    # 0  1  2  3  4  5  6  7   8   9  10  11  12  13  14  15  16  17  18  19  20  21 22 23
    (3, 2, 1, 1, 1, 2, 8, 22, 40, 48, 36, 30, 42, 58, 38, 28, 28, 36, 62, 80, 74, 48, 24, 9),
    (2, 1, 1, 1, 2, 6, 16, 28, 42, 56, 64, 66, 60, 48, 44, 48, 54, 60, 66, 64, 50, 30, 14, 6),
    (14, 8, 5, 2, 1, 1, 3, 9, 20, 30, 34, 38, 44, 52, 44, 40, 44, 54, 62, 66, 68, 62, 46, 28),
    (1, 1, 0, 0, 1, 4, 14, 26, 40, 62, 72, 66, 50, 36, 28, 32, 48, 60, 56, 40, 26, 14, 6, 2),
    (42, 36, 26, 18, 12, 8, 8, 10, 8, 6, 8, 14, 24, 34, 32, 30, 34, 42, 50, 54, 56, 54, 50, 46),
    (1, 0, 0, 0, 2, 10, 26, 42, 58, 70, 72, 58, 40, 24, 20, 30, 46, 54, 44, 28, 16, 8, 3, 1),
)
_WEEKEND = (1.35, 0.85, 1.25, 1.0, 1.05, 0.95)
_PAYDAY = (1.55, 1.1, 1.15, 1.25, 1.3, 1.2)
_FESTIVAL = 1.7


@dataclass(frozen=True, slots=True)
class Span:
    """The IST days [start_day, start_day + days) that a history covers."""

    start_day: int
    days: int

    @property
    def start_ms(self) -> int:
        """The first moment of the span, epoch ms."""
        return self.start_day * DAY_MS - IST_OFFSET_MS

    @property
    def end_ms(self) -> int:
        """The first moment after the span, epoch ms."""
        return self.start_ms + self.days * DAY_MS

    @property
    def all_days(self) -> Ints:
        """Every day of the span."""
        return np.arange(self.start_day, self.start_day + self.days, dtype=np.int64)


def at(day: Ids, hour: Floats) -> Ints:
    """Return the epoch ms of an IST day and hour; hours over 24 are the next day's.

    >>> at(0, np.array([5.5])).tolist()
    [0]
    """
    return as_ints(day) * DAY_MS + np.asarray(hour * HOUR_MS, dtype=np.int64) - IST_OFFSET_MS


def weekday(day: Ints) -> Ints:
    """Return 0 for Monday to 6 for Sunday.

    >>> weekday(np.array([0])).tolist()
    [3]
    """
    return (day + 3) % 7


def month(day: Ints) -> Ints:
    """Return months since January 1970."""
    months: Ints = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def month_start(months: Ints) -> Ints:
    """Return the day on which each month begins.

    >>> month_start(np.array([1])).tolist()
    [31]
    """
    days: Ints = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def day_of_month(day: Ints) -> Ints:
    """Return the day of the month, from 1."""
    return day - month_start(month(day)) + 1


def is_festival(dice: Dice, day: Ints) -> Ints:
    """Return 1 on a festival: one seeded day in each month."""
    months = month(day)
    return np.where(day_of_month(day) == dice.whole("festival", 1, 28, months), 1, 0)


def day_weights(dice: Dice, days: Ints) -> Floats:
    """Return how much each walk of life pays on each day, shape (walks, days)."""
    free = weekday(days) >= 5
    flush = day_of_month(days) <= 6
    feast = np.where(is_festival(dice, days) == 1, _FESTIVAL, 1.0)
    rows = [
        feast * np.where(free, weekend, 1.0) * np.where(flush, payday, 1.0)
        for weekend, payday in zip(_WEEKEND, _PAYDAY, strict=True)
    ]
    return np.array(rows)


def _hour_table() -> Floats:
    """Return the hour below which each 1024th part of a walk's payments falls, shape (walks, 1025)."""
    parts = np.linspace(0.0, 1.0, _TABLE_STEPS + 1)
    rows = []
    for weights in _HOURS:
        edges = np.concatenate([[0.0], np.cumsum(np.array(weights) + 0.05)])
        rows.append(np.interp(parts, edges / edges[-1], np.arange(25)))
    return np.array(rows)


_HOUR_TABLE = _hour_table()


def usual_hour(walk: Ids, uniform: Floats) -> Floats:
    """Return hours of the day, in [0, 24), as people of that walk of life pay."""
    place = uniform * _TABLE_STEPS
    step = place.astype(np.int64)
    rows = as_ints(walk)
    low, high = _HOUR_TABLE[rows, step], _HOUR_TABLE[rows, step + 1]
    return np.minimum(low + (high - low) * (place - step), 24 - 1e-9)
