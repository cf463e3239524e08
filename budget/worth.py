"""What an alert on a score is worth: the chance that it catches a fraud, as the score itself states it.

A bucket is log-odds in steps of 1/48 from -9. So one of 95 % is worth hardly less than one of 99 %, one of 2 % twice
one of 1 %; ranks alone do not say that. Integers in units of 2**-30, from exact decimal arithmetic: the same anywhere.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal, localcontext

import numpy as np

from budget.tails import BUCKETS

WORTH_BITS = 30
WORTH_ONE = 1 << WORTH_BITS
_STEPS_PER_LOG_ODD = 48
_LOWEST_LOG_ODDS = -9
_DIGITS = 30


def _worth_of(bucket: int) -> int:
    """Return the worth in the middle of a bucket."""
    odds = (Decimal(2 * bucket + 1) / (2 * _STEPS_PER_LOG_ODD) + _LOWEST_LOG_ODDS).exp()
    return int(odds / (1 + odds) * WORTH_ONE)


with localcontext() as _context:
    _context.prec = _DIGITS
    WORTH_OF: tuple[int, ...] = tuple(_worth_of(bucket) for bucket in range(BUCKETS))
"""The worth of each bucket; it rises with the bucket."""

WORTHS = np.array(WORTH_OF, np.int64)


def bucket_worth(worth: int) -> int:
    """Return the lowest bucket that is worth so much; the highest if none is.

    >>> bucket_worth(WORTH_ONE // 2), bucket_worth(0), bucket_worth(WORTH_ONE)
    (432, 0, 1023)
    """
    return min(BUCKETS - 1, bisect_left(WORTH_OF, worth))
