"""Calibration: from the margin of the trees to a probability that means what it says.

Beta calibration (Kull, Silva Filho and Flach, 2017): with s the sigmoid of the margin m,

    log-odds = intercept + low * ln(s) - high * ln(1 - s)

Platt scaling is the case low = high. Both slopes are positive, so the map is strictly increasing: unlike isotonic steps
it never ties two payments at the top, where the alert budget is decided.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from features.compiled import compiled_making_arrays
from features.errors import ArtifactMismatch

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The three numbers of the map; `low` rules below even odds, `high` above."""

    low: float
    high: float
    intercept: float

    def __post_init__(self) -> None:
        finite = all(math.isfinite(number) for number in (self.low, self.high, self.intercept))
        if not finite or self.low <= 0 or self.high <= 0:
            raise ArtifactMismatch(f"finite slopes above 0 were needed to calibrate; got {self}: train again")

    def probability(self, margin: float) -> float:
        """Give the probability of a margin in log-odds; scalar libm on purpose, so a batch cannot change the last bit.

        >>> Calibration(low=1.0, high=1.0, intercept=0.0).probability(0.0)
        0.5
        >>> round(Calibration(low=1.0, high=1.0, intercept=0.0).probability(2.0), 6)
        0.880797
        """
        log_odds = self.log_odds(margin)
        if log_odds >= 0.0:
            return 1.0 / (1.0 + math.exp(-log_odds))
        odds = math.exp(log_odds)
        return odds / (1.0 + odds)

    def probabilities(self, margins: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probabilities of n margins, each the same to the bit as alone."""
        return _calibrate(margins, self.low, self.high, self.intercept)

    def log_odds(self, margin: float) -> float:
        """Give the calibrated log-odds of a margin."""
        softplus = math.log1p(math.exp(-abs(margin)))
        if margin < 0.0:
            return self.intercept - self.low * (softplus - margin) + self.high * softplus
        return self.intercept - self.low * softplus + self.high * (softplus + margin)


@compiled_making_arrays
def _calibrate(margins: NDArray[np.float64], low: float, high: float, intercept: float) -> NDArray[np.float64]:
    """Do what `probability` and `log_odds` do for one margin, with the same functions of libm."""
    probabilities = np.empty(len(margins))
    for at in range(len(margins)):
        margin = margins[at]
        softplus = math.log1p(math.exp(-abs(margin)))
        if margin < 0.0:
            log_odds = intercept - low * (softplus - margin) + high * softplus
        else:
            log_odds = intercept - low * softplus + high * (softplus + margin)
        if log_odds >= 0.0:
            probabilities[at] = 1.0 / (1.0 + math.exp(-log_odds))
        else:
            odds = math.exp(log_odds)
            probabilities[at] = odds / (1.0 + odds)
    return probabilities
