"""How well scores rank frauds: overall, and where it counts, at the top half percent of each day.

A budget below the prevalence cannot catch every fraud, and one above it cannot be all right: so recall and precision at
the budget stand beside their ceilings, what a perfect ranking would reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUDGET_PPM = 5_000
_IST_OFFSET_MS = 19_800_000
_DAY_MS = 86_400_000


def ranking(labels: NDArray[np.int8], scores: NDArray[np.float64]) -> dict[str, float]:
    """Measure area under the ROC curve and average precision of n scores; NaN where one class is absent.

    >>> ranking(np.array([0, 0, 1, 1], dtype=np.int8), np.array([0.1, 0.4, 0.35, 0.8]))
    {'auc': 0.75, 'average_precision': 0.8333}
    """
    from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: PLC0415 - heavy, training only

    if labels.min() == labels.max():
        return {"auc": float("nan"), "average_precision": float("nan")}
    return {
        "auc": round(float(roc_auc_score(labels, scores)), 4),
        "average_precision": round(float(average_precision_score(labels, scores)), 4),
    }


def at_budget(
    labels: NDArray[np.int8],
    scores: NDArray[np.float64],
    event_time_ms: NDArray[np.int64],
    rate_ppm: int = BUDGET_PPM,
) -> dict[str, float]:
    """Spend the budget of each IST day on its highest scores; measure recall and precision beside their ceilings.

    >>> labels = np.array([1, 0, 1, 0], dtype=np.int8)
    >>> at_budget(labels, np.array([0.9, 0.8, 0.1, 0.0]), np.zeros(4, dtype=np.int64), rate_ppm=500_000)
    {'alerts': 2, 'caught': 1, 'recall': 0.5, 'recall_ceiling': 1.0, 'precision': 0.5, 'precision_ceiling': 1.0}
    """
    days = (event_time_ms + _IST_OFFSET_MS) // _DAY_MS
    alerted = spend(scores, event_time_ms, rate_ppm)
    catchable = sum(
        min(int(alerted[days == day].sum()), int(labels[days == day].sum())) for day in np.unique(days).tolist()
    )
    alerts, caught, frauds = int(alerted.sum()), int(labels[alerted].sum()), int(labels.sum())
    return {
        "alerts": alerts,
        "caught": caught,
        "recall": _ratio(caught, frauds),
        "recall_ceiling": _ratio(catchable, frauds),
        "precision": _ratio(caught, alerts),
        "precision_ceiling": _ratio(catchable, alerts),
    }


def spend(
    scores: NDArray[np.float64], event_time_ms: NDArray[np.int64], rate_ppm: int = BUDGET_PPM
) -> NDArray[np.bool_]:
    """Tell of n payments which are among the highest of their IST day, as many as the budget allows.

    >>> spend(np.array([0.1, 0.9, 0.5, 0.2]), np.zeros(4, dtype=np.int64), rate_ppm=500_000).tolist()
    [False, True, True, False]
    """
    days = (event_time_ms + _IST_OFFSET_MS) // _DAY_MS
    alerted = np.zeros(len(scores), dtype=np.bool_)
    for day in np.unique(days).tolist():
        inside = np.flatnonzero(days == day)
        limit = len(inside) * rate_ppm // 1_000_000
        alerted[inside[np.argsort(-scores[inside], kind="stable")[:limit]]] = True
    return alerted


def calibration_table(
    labels: NDArray[np.int8], probabilities: NDArray[np.float64], *, bins: int = 10
) -> list[tuple[int, float, float]]:
    """Compare told and found fraud rates by groups of like probability: (payments, mean told, share found) each."""
    edges = np.concatenate([[0.0], np.logspace(-4, 0, bins)])
    group = np.clip(np.searchsorted(edges, probabilities, side="right") - 1, 0, bins)
    rows = []
    for index in np.unique(group).tolist():
        inside = group == index
        rows.append((int(inside.sum()), float(probabilities[inside].mean()), float(labels[inside].mean())))
    return rows


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else float("nan")
