"""Several transactions in order, as columns: what the budget is given at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from budget.hours import HOURS, MINUTES_PER_HOUR, UNKNOWN
from budget.tails import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Minutes = Sequence[int] | None
    Column = Sequence[int] | NDArray[np.int64] | NDArray[np.bool_]


class Batch(NamedTuple):
    """Columns of one length: day, score bucket, may it alert, and a candidate's minute of its day, else `UNKNOWN`."""

    days: NDArray[np.int64]
    buckets: NDArray[np.int64]
    may_alert: NDArray[np.bool_]
    minutes: NDArray[np.int64]

    def part(self, start: int, stop: int) -> Batch:
        """Return the transactions from one position up to another."""
        span = slice(start, stop)
        return Batch(self.days[span], self.buckets[span], self.may_alert[span], self.minutes[span])


def batch_of(days: Sequence[int], buckets: Sequence[int], candidates: Sequence[bool], minutes: Minutes) -> Batch:
    """Return a batch; ValueError on columns that differ in length, a bucket or a minute that cannot be.

    Minutes of what is no candidate are passed over: live they are not known.

    >>> batch_of([20_000] * 2, [5, 900], [False, True], [600, 601]).minutes.tolist()
    [-1, 601]
    """
    may_alert = np.array(candidates, bool)
    given = np.full(len(may_alert), UNKNOWN) if minutes is None else np.array(minutes, np.int64)
    batch = Batch(np.array(days, np.int64), np.array(buckets, np.int64), may_alert, given)
    check_columns(*batch)
    return batch._replace(minutes=np.where(may_alert, given, UNKNOWN))


def check_columns(days: Column, buckets: Column, candidates: Column, minutes: Column) -> None:
    """Raise ValueError on columns that differ in length, a bucket or a minute that cannot be."""
    sizes = [len(column) for column in (days, buckets, candidates, minutes)]
    if len(set(sizes)) > 1:
        raise ValueError(f"needed as many days, buckets, flags and minutes, got {sizes}")
    _check_range(buckets, 0, BUCKETS - 1, "score buckets")
    _check_range(minutes, UNKNOWN, HOURS * MINUTES_PER_HOUR - 1, "minutes of a day")


def check_one(bucket: int, minute: int) -> None:
    """Raise ValueError on a bucket or a minute that cannot be."""
    if not 0 <= bucket < BUCKETS:
        raise ValueError(f"needed a score bucket of 0 to {BUCKETS - 1}, got {bucket}")
    if not UNKNOWN <= minute < HOURS * MINUTES_PER_HOUR:
        raise ValueError(f"needed a minute of a day, 0 to {HOURS * MINUTES_PER_HOUR - 1}, got {minute}")


def _check_range(values: Column, lowest: int, highest: int, what: str) -> None:
    """Raise ValueError where a value lies outside."""
    if not len(values):
        return
    least, most = (values.min(), values.max()) if isinstance(values, np.ndarray) else (min(values), max(values))
    if not lowest <= least <= most <= highest:
        raise ValueError(f"needed {what} of {lowest} to {highest}, got {least} to {most}")
