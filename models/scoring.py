"""Scoring: rows of features in, one score per row out. What the payee stage, replay and `/score` all call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from models.risk import combine_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.artifact import Model
    from rules import RuleSet

_SMALL_BATCH = 8
"""Below this many rows the rules are cheaper row by row than as columns."""


class Score(msgspec.Struct, frozen=True, gc=False):
    """The verdict on one payment; `fraud_probability` is None where no model is in force."""

    fraud_probability: float | None
    rule_score: int
    rules: tuple[str, ...]
    risk: int
    tier: str
    bucket: int


class Scorer:
    """The rules in force and, if there is one, the model in force; without a model the rules decide alone."""

    def __init__(self, rules: RuleSet, model: Model | None) -> None:
        self.rules = rules
        self.model = model

    def score(self, rows: NDArray[np.float64]) -> list[Score]:
        """Score n rows of shape [n, F] in registry order; a row's score never depends on the rows beside it."""
        if not len(rows):
            return []
        rule_scores, hits = evaluate(self.rules, rows)
        probabilities = None
        if self.model is not None:
            frozen = rule_scores if self.model.rules.version == self.rules.version else None
            probabilities = self.model.probability(rows, frozen_rule_scores=frozen)
        risks, tiers, buckets = combine_all(probabilities, np.array(rule_scores, np.int64))
        shown: Sequence[float | None] = [None] * len(rows) if probabilities is None else probabilities.tolist()
        return list(map(Score, shown, rule_scores, hits, risks, tiers, buckets))


def evaluate(rules: RuleSet, rows: NDArray[np.float64]) -> tuple[list[int], list[tuple[str, ...]]]:
    """Evaluate rules over n rows, in whichever of the two equal ways is cheaper for n."""
    if len(rows) >= _SMALL_BATCH:
        scores, hits = rules.evaluate_batch(rows)
        return scores.tolist(), hits
    pairs = [rules.evaluate(row) for row in rows.tolist()]
    return [score for score, _ in pairs], [ids for _, ids in pairs]
