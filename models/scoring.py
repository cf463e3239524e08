"""Scoring: rows of features in, one score per row out. What the payee stage, replay and `/score` all call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from models.risk import TIER_OF_RISK, combine_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.artifact import Model
    from rules import RuleSet


class Score(msgspec.Struct, frozen=True, gc=False):
    """The verdict on one payment; `fraud_probability` is None where no model is in force."""

    fraud_probability: float | None
    rule_score: int
    rules: tuple[str, ...]
    risk: int
    tier: str
    bucket: int


class Scores(NamedTuple):
    """The verdicts on n payments as columns; `probabilities` is None where no model is in force."""

    probabilities: NDArray[np.float64] | None
    rule_scores: NDArray[np.int64]
    rules: list[tuple[str, ...]]
    risks: NDArray[np.int64]
    buckets: NDArray[np.int64]

    @classmethod
    def of(cls, scores: Sequence[Score]) -> Scores:
        """Return scores, all with a probability or all without, as columns."""
        shown = [score.fraud_probability for score in scores]
        numbers = [(score.rule_score, score.risk, score.bucket) for score in scores]
        rule_scores, risks, buckets = np.array(numbers, np.int64).reshape(-1, 3).T
        probabilities = None if None in shown else np.array(shown, np.float64)
        return cls(probabilities, rule_scores, [score.rules for score in scores], risks, buckets)

    def one(self, at: int) -> Score:
        """Return the verdict at a place."""
        probability = None if self.probabilities is None else float(self.probabilities[at])
        risk = int(self.risks[at])
        return Score(
            probability, int(self.rule_scores[at]), self.rules[at], risk, TIER_OF_RISK[risk], int(self.buckets[at])
        )

    def each(self) -> list[Score]:
        """Return the verdicts one by one."""
        return [self.one(at) for at in range(len(self.rules))]


class Scorer:
    """The rules in force and, if there is one, the model in force; without a model the rules decide alone."""

    def __init__(self, rules: RuleSet, model: Model | None) -> None:
        self.rules = rules
        self.model = model

    def score(self, rows: NDArray[np.float64]) -> list[Score]:
        """Score n rows of shape [n, F] in registry order; a row's score never depends on the rows beside it."""
        return self.columns(rows).each() if len(rows) else []

    def columns(self, rows: NDArray[np.float64]) -> Scores:
        """Score n rows, at least one, as `score` does."""
        rule_scores, hits = self.rules.evaluate_batch(rows)
        probabilities = None
        if self.model is not None:
            frozen = rule_scores if self.model.rules.version == self.rules.version else None
            probabilities = self.model.probability(rows, frozen_rule_scores=frozen)
        return Scores(probabilities, rule_scores, hits, *combine_all(probabilities, rule_scores))
