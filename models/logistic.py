"""The readable baseline: logistic regression on seven plain features, which also runs as a challenger.

Its coefficients stand in `logistic.json` per standard deviation, so that a reader sees what each feature is worth.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from features.errors import ArtifactMismatch
from features.vector import feature_index

if TYPE_CHECKING:
    from collections.abc import Sequence

RULE_SCORE = "rule_score"
PLAIN_FEATURES = (
    "amount_rupees",
    "payer_txn_count_5m",
    "payer_amount_sum_5m",
    "payer_distinct_payees_5m",
    "payee_is_new",
    "hour_ist",
    RULE_SCORE,
)
LOG_SCALED = ("amount_rupees", "payer_amount_sum_5m")
"""Rupees span seven orders of magnitude; on their logarithm a coefficient is a factor."""


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature: (value or ln(1 + value) - mean) / scale * coefficient."""

    feature: str
    log_scaled: bool
    mean: float
    scale: float
    coefficient: float


class Logistic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Intercept and terms of the regression."""

    intercept: float
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        for term in self.terms:
            numbers = (term.mean, term.scale, term.coefficient)
            if term.feature not in PLAIN_FEATURES or not all(map(math.isfinite, numbers)) or term.scale <= 0:
                raise ArtifactMismatch(f"a finite term on one of {PLAIN_FEATURES} was needed; got {term}: train again")

    def probability(self, row: Sequence[float], rule_score: int) -> float:
        """Give the fraud probability of one row of F floats and its rule score; a missing feature counts as its mean.

        >>> term = Term("amount_rupees", log_scaled=False, mean=100.0, scale=50.0, coefficient=2.0)
        >>> row = [float("nan")] * 60
        >>> Logistic(intercept=0.0, terms=(term,)).probability(row, 0)
        0.5
        """
        log_odds = self.intercept
        for term in self.terms:
            value = float(rule_score) if term.feature == RULE_SCORE else row[feature_index(term.feature)]
            if not math.isfinite(value):
                continue
            scaled = math.log1p(max(value, 0.0)) if term.log_scaled else value
            log_odds += (scaled - term.mean) / term.scale * term.coefficient
        return 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, log_odds))))
