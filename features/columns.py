"""How columns of amounts are worked on: as arrays while short, through numpy where a loop would cost more."""

from __future__ import annotations

from array import array
from itertools import accumulate

import numpy as np

COLUMN_TYPES = {"I": np.uint32, "Q": np.uint64}
NUMPY_FROM = 48  # from about this many entries on, numpy's fixed cost is less than a loop's


def running_totals(amounts: array[int]) -> array[int]:
    """Return the sums of the first 0, 1, 2, ... amounts; only their differences mean anything.

    >>> running_totals(array("I", (5, 7)))
    array('Q', [0, 5, 12])
    """
    if len(amounts) < NUMPY_FROM:
        return array("Q", accumulate(amounts, initial=0))
    totals = np.zeros(len(amounts) + 1, np.uint64)
    np.cumsum(np.frombuffer(amounts, COLUMN_TYPES[amounts.typecode]), out=totals[1:], dtype=np.uint64)
    return array("Q", totals.tobytes())
