"""Keeps the worst false alarms and the worst misses whole, so that their reasons can be told."""

from __future__ import annotations

from heapq import heappush, heappushpop
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from backtest.decide import Block
    from models.scoring import Score
    from replay.history import HistoryRow

CASES_MAX = 20


class Case(NamedTuple):
    """One decision with its row of features; higher `weight` is worse."""

    weight: int
    number: int
    row: HistoryRow
    features: list[float]
    score: Score


class Cases:
    """False alarms by score, since the model was surest of them; misses by amount, since they cost most."""

    def __init__(self, most: int = CASES_MAX) -> None:
        self._most = most
        self._seen = 0
        self._alarms: list[Case] = []
        self._misses: list[Case] = []

    def add(self, block: Block) -> None:
        """Look at the decisions of a block."""
        alarms = np.flatnonzero(block.alerted & (block.frauds == 0))
        misses = np.flatnonzero(~block.alerted & (block.frauds == 1))
        for heap, positions, weights in (
            (self._alarms, alarms, block.buckets),
            (self._misses, misses, block.amounts_paise),
        ):
            for index in positions.tolist():
                weight = int(weights[index])
                if len(heap) == self._most and weight <= heap[0].weight:
                    continue
                case = Case(
                    weight,
                    -(self._seen + index),
                    block.rows[index],
                    block.features[index].tolist(),
                    block.scores[index],
                )
                if len(heap) < self._most:
                    heappush(heap, case)
                else:
                    heappushpop(heap, case)
        self._seen += len(block.rows)

    def false_alarms(self) -> list[Case]:
        """Return the worst false alarms, worst first; of equal ones the earlier."""
        return sorted(self._alarms, reverse=True)

    def misses(self) -> list[Case]:
        """Return the worst misses, worst first; of equal ones the earlier."""
        return sorted(self._misses, reverse=True)
