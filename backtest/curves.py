"""Precision against recall at every score bucket, and what a bucket means as a risk."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOWEST_LOG_ODDS = -9.0
_STEPS_PER_LOG_ODD = 48.0


class Curve(NamedTuple):
    """Recall and precision when everything from a bucket on is alerted, from the best bucket down."""

    buckets: list[int]
    recall: list[float]
    precision: list[float]
    average_precision: float


def precision_recall(frauds: NDArray[np.int64], honest: NDArray[np.int64]) -> Curve | None:
    """Return the curve of two histograms over the score buckets; None without a fraud.

    >>> curve = precision_recall(np.array([0, 1, 3]), np.array([4, 1, 0]))
    >>> curve.recall, [round(value, 2) for value in curve.precision], curve.average_precision
    ([0.75, 1.0, 1.0], [1.0, 0.8, 0.44], 0.95)
    """
    total = int(frauds.sum())
    if not total:
        return None
    filled = np.flatnonzero(frauds + honest)[::-1]
    caught, alerted = frauds[filled].cumsum(), (frauds + honest)[filled].cumsum()
    recall, precision = caught / total, caught / alerted
    average = float((np.diff(recall, prepend=0.0) * precision).sum())
    return Curve(filled.tolist(), recall.tolist(), precision.tolist(), average)


def risk_of_bucket(bucket: float) -> float:
    """Return the risk of 0..1 at the lower end of a score bucket (`models/risk.py` says how they are cut).

    >>> round(risk_of_bucket(432), 2), round(risk_of_bucket(1024), 4)
    (0.5, 1.0)
    """
    return 1 / (1 + exp(-(bucket / _STEPS_PER_LOG_ODD + _LOWEST_LOG_ODDS)))
