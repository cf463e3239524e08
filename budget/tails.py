"""Integer arithmetic on score histograms: tails, parts and ramps, the same on every machine.

A *tail* is the share of transactions at or above a bucket, an integer in units of 2**-24; a *part* is a number between
0 and 1 in units of 1/1024. Days of up to 2**33 transactions stay within 64 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS = 1024
TAIL_BITS = 24
TAIL_ONE = 1 << TAIL_BITS
PART = 1024
MILLION = 1_000_000
RECENT_UNIT = 1 << 10
"""What one transaction counts in a recent histogram, so that decay by integer division loses next to nothing."""

_COUNT_BITS_MAX = 38


def count_above(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each bucket the count at or above it.

    >>> count_above(np.array([5, 0, 2])).tolist()
    [7, 2, 2]
    """
    return counts[::-1].cumsum()[::-1]


def tails(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the tail of each bucket; zeros for an empty histogram.

    >>> (tails(np.array([3, 0, 1])) * 4 // TAIL_ONE).tolist()
    [4, 1, 1]
    """
    above = count_above(counts)
    above = above >> max(0, int(above[0]).bit_length() - _COUNT_BITS_MAX)
    return (above << TAIL_BITS) // max(1, int(above[0]))


def first_at_most(falling: NDArray[np.int64], limit: int) -> int:
    """Return the lowest bucket whose value, of values that never rise, is at most `limit`; the highest if none.

    >>> first_at_most(np.array([9, 5, 5, 1]), 5)
    1
    """
    return min(len(falling) - 1, int(np.searchsorted(-falling, -limit)))


def parts(none: float, full: float) -> tuple[int, int]:
    """Return the ends of a ramp, where it is 0 and where it is full, in parts."""
    return int(none * PART), int(full * PART)


def ramp(value: int, ends: tuple[int, int]) -> int:
    """Return 0 up to the first end, `PART` from the second on, straight between; the ends may fall.

    >>> ramp(300, (400, 200)), ramp(500, (400, 200))
    (512, 0)
    """
    none, full = ends
    return min(PART, max(0, (value - none) * PART // (full - none)))
