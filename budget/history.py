"""What past days looked like: scores and hours, decayed by an eighth a day, and how many transactions each brought.

Layout: number of days, per day in order its number and its transactions, then the 24 hours and the histogram (`codec`),
both in units of 1/256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from budget.codec import pack_histogram, packed
from budget.hours import HOURS
from budget.tails import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from budget.codec import Reader

SIZES_MAX = 8
HISTORY_UNIT = 1 << 8
"""What one transaction counts when its day ends: the best scores are rare, and 7/8 of 1 would be 0."""

_EXPECT_FROM = 7
_KEEP_EIGHTHS = 7


class History:
    """Scores, hours and sizes of the days so far; the scores are of whole days, including what came late for them."""

    __slots__ = ("_packed", "counts", "hours", "sizes")

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(BUCKETS, np.int64)
        self.hours = [0] * HOURS
        self.sizes: dict[int, int] = {}
        self._packed: bytes | None = None

    def begin_day(self) -> None:
        """Let the past count less: called once for each new day."""
        self.counts = self.counts * _KEEP_EIGHTHS // 8
        self.hours = [count * _KEEP_EIGHTHS // 8 for count in self.hours]
        self._packed = None

    def add(self, counts: NDArray[np.int64]) -> None:
        """Add the scores of a day that is over, or of transactions that came late for it."""
        self.counts = self.counts + counts * HISTORY_UNIT
        self._packed = None

    def add_hours(self, hours: Sequence[int]) -> None:
        """Add the payments by hour of a day that is over."""
        self.hours = [known + count * HISTORY_UNIT for known, count in zip(self.hours, hours, strict=True)]

    def grow(self, day: int, count: int) -> None:
        """Count transactions of a day, open or over; only the newest eight days are remembered."""
        self.sizes[day] = self.sizes.get(day, 0) + count
        if len(self.sizes) > SIZES_MAX:
            del self.sizes[min(self.sizes)]

    def expected(self, day: int) -> int:
        """Return how many transactions the day should bring, the median of the seven before it; 0 if none is known.

        >>> history = History()
        >>> for past, count in enumerate((900, 20, 1_000, 1_100)):
        ...     history.grow(past, count)
        >>> history.expected(4), history.expected(0)
        (1000, 0)
        """
        before = sorted(past for past in self.sizes if past < day)[-_EXPECT_FROM:]
        ordered = sorted(self.sizes[past] for past in before)
        return ordered[len(ordered) // 2] if ordered else 0

    def put(self, out: bytearray) -> None:
        """Append the bytes of the layout above."""
        if self._packed is None:
            self._packed = pack_histogram(self.counts)
        sizes = [number for day in sorted(self.sizes) for number in (day, self.sizes[day])]
        out += packed((len(self.sizes), *sizes, *self.hours))
        out += self._packed

    @classmethod
    def get(cls, reader: Reader) -> History:
        """Read back what `put` wrote."""
        history = cls()
        for _ in range(reader.uint()):
            day, count = reader.uints(2)
            history.sizes[day] = count
        history.hours = list(reader.uints(HOURS))
        history.counts = reader.histogram(BUCKETS)
        return history
