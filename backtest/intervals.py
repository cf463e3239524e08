"""How sure a share is: Wilson's interval for a count of independent cases, and a bootstrap over whole days.

Frauds of one case stand close together, so payments are not independent and Wilson's interval is too narrow for sums
over many days; days are nearly so, and drawing days anew shows what another month like this one could have brought.
Wilson, "Probable inference" (1927); the 95 % interval throughout.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Z_95 = 1.959963984540054
_RESAMPLES = 2_000
_DAYS_MIN = 5


def share(part: int, whole: int) -> float | None:
    """Return part of whole, None of nothing.

    >>> share(1, 4), share(0, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share of independent cases, None of nothing.

    >>> low, high = wilson(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    if not whole:
        return None
    found = part / whole
    shrink = 1 + Z_95**2 / whole
    middle = (found + Z_95**2 / (2 * whole)) / shrink
    half = Z_95 / shrink * sqrt(found * (1 - found) / whole + Z_95**2 / (4 * whole**2))
    return min(found, max(0.0, middle - half)), max(found, min(1.0, middle + half))


def over_days(parts: Sequence[int], wholes: Sequence[int], seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % interval of sum(parts) / sum(wholes) over days drawn anew; Wilson's where days are few.

    >>> over_days([5] * 10, [10] * 10)
    (0.5, 0.5)
    """
    if len(wholes) < _DAYS_MIN:
        return wilson(sum(parts), sum(wholes))
    drawn = np.random.default_rng(seed).integers(0, len(wholes), (_RESAMPLES, len(wholes)))
    part, whole = np.array(parts)[drawn].sum(axis=1), np.array(wholes)[drawn].sum(axis=1)
    shares = part[whole > 0] / whole[whole > 0]
    if not len(shares):
        return None
    low, high = np.quantile(shares, (0.025, 0.975)).tolist()
    return low, high
