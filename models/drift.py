"""Drift: how far what is scored now lies from what the model was trained on, as the population stability index (PSI).

Per input and for the score, training keeps bins and the share of payments in each: quantiles of the values known, and
one bin for the unknown. PSI = sum over bins of (now - then) * ln(now / then). By the usual reading under 0.1 is stable,
0.1 to 0.25 wants a look, above that the model scores another world. Shares are never taken below 1 in 10,000, so that
an empty bin says much and not everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SCORE = "score"
QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_SHARE_LEAST = 1e-4


class Bins(NamedTuple):
    """`edges` of k bins, and the `shares` of k + 1 bins and of the unknown, which comes last."""

    edges: NDArray[np.float64]
    shares: NDArray[np.float64]


def reference(names: Sequence[str], columns: NDArray[np.float64], scores: NDArray[np.float64]) -> dict[str, Any]:
    """Return what a manifest keeps of training: bins of n rows of shape [n, len(names)], and of scores held out."""
    return {name: _bins(columns[:, at]) for at, name in enumerate(names)} | {SCORE: _bins(scores)}


def _bins(values: NDArray[np.float64]) -> dict[str, list[float]]:
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, QUANTILES)) if len(known) else np.empty(0)
    counts = count(edges, values)
    return {"edges": edges.tolist(), "shares": np.round(counts / max(1, len(values)), 6).tolist()}


def count(edges: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count n values into the bins that k edges make, and the unknown: k + 2 counts.

    >>> count(np.array([1.0, 5.0]), np.array([0.0, 1.0, 4.0, 9.0, float("nan")])).tolist()
    [1, 2, 1, 1]
    """
    places = np.searchsorted(edges, values, side="right")
    places[np.isnan(values)] = len(edges) + 1
    return np.bincount(places, minlength=len(edges) + 2)


def read_reference(kept: Mapping[str, Any] | None) -> dict[str, Bins]:
    """Return the bins that a manifest holds; none for a model that was trained before there were any."""
    return {
        name: Bins(np.array(bins["edges"], np.float64), np.array(bins["shares"], np.float64))
        for name, bins in (kept or {}).items()
    }


def psi(then: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Return the population stability index of two lists of shares.

    >>> same = np.array([0.5, 0.5])
    >>> psi(same, same), round(psi(same, np.array([0.6, 0.4])), 3)
    (0.0, 0.041)
    """
    before, after = np.maximum(then, _SHARE_LEAST), np.maximum(now, _SHARE_LEAST)
    return float(np.sum((after - before) * np.log(after / before)))


class DriftMeter:
    """Counts a sample of what is scored into a model's bins; what is long past counts less and less.

    `every` is one sampled payment in so many; when `half_at` payments are counted, all counts are halved.
    """

    def __init__(
        self, names: Sequence[str], bins: Mapping[str, Bins], *, every: int = 16, half_at: int = 20_000
    ) -> None:
        self._names = names
        self._bins = bins
        self._every = every
        self._half_at = half_at
        self._until_next = 0
        self._waiting: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._rows_waiting = 0
        self._counts = {name: np.zeros(len(one.shares)) for name, one in bins.items()}
        self.counted = 0.0

    def observe(self, rows: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        """Take a sample of n rows of shape [n, F] and their n scores."""
        first = self._until_next
        self._until_next = (first - len(rows)) % self._every
        if first < len(rows):
            sample = rows[first :: self._every].copy(), scores[first :: self._every].copy()
            self._waiting.append(sample)
            self._rows_waiting += len(sample[1])
            if self._rows_waiting >= 256:
                self._count()

    def _count(self) -> None:
        rows = np.concatenate([rows for rows, _ in self._waiting])
        scores = np.concatenate([scores for _, scores in self._waiting])
        self._waiting, self._rows_waiting = [], 0
        columns = {name: rows[:, at] for at, name in enumerate(self._names)} | {SCORE: scores}
        for name, bins in self._bins.items():
            if name in columns:
                self._counts[name] += count(bins.edges, columns[name])
        self.counted += len(scores)
        if self.counted >= self._half_at:
            self.counted /= 2
            self._counts = {name: counts / 2 for name, counts in self._counts.items()}

    def drift(self) -> dict[str, float]:
        """Return the index by input name and of the score; nothing before a sample of 200."""
        if self._waiting:
            self._count()
        if self.counted < 200:
            return {}
        told = {}
        for name, bins in self._bins.items():
            total = self._counts[name].sum()
            if total:
                told[name] = psi(bins.shares, self._counts[name] / total)
        return told
