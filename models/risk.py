"""Risk: rule score and calibrated probability in one number, its tier, and the rank by which the alert budget is spent.

With p the model's probability and s the rule score, both are taken as independent warnings (noisy or):

    risk = 1 - (1 - p) * (1 - q(s)),    q(s) = 0.9 * (s / 100)^12

q is steep on purpose. The model has already seen the score of the rules it was trained with, so rules that it knows
hardly move a payment (s = 30: nothing; s = 80: 6 %); and an operator who answers a fraud that the model has never seen
can write a rule of weight 100 that nearly decides alone. Where frauds are rare, rules hit far more honest payments than
their weights say: in a simulated month with 0.5 % frauds the sixth power cost one of seven frauds that the budget
catches (204 instead of 235), with 3.6 % one in three hundred; rules that weigh nothing catch as many as these.

Risk never falls when p or s rises. Without a model the risk is the rule score.

The bucket ranks payments for the budget: the log-odds of the risk in steps of 1/48 from -9 (1 in 8,100) to +12.3. Equal
steps in log-odds keep 0.999 apart from 0.9999, where a budget of 0.5 % is decided.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled, compiled_making_arrays
from features.errors import PrahariError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS = 1024
HIGHEST_SCORE = 100

_RULE_TRUST = 0.9
_RULE_STEEPNESS = 12
_LOWEST_LOG_ODDS = -9.0
_STEPS_PER_LOG_ODD = 48.0

TIERS = ((85, "CRITICAL"), (60, "HIGH"), (30, "MEDIUM"), (0, "LOW"))
"""Lowest risk of each tier. Without a model 60 takes two or three rules; 85 takes nearly all, or a near certainty."""


class Risk(NamedTuple):
    """`risk` 0..100, its `tier`, and `bucket` 0..1023, the rank score of the budget."""

    risk: int
    tier: str
    bucket: int


def combine(probability: float | None, rule_score: int) -> Risk:
    """Combine a calibrated probability of 0..1 (None: no model) with a rule score of 0..100.

    Raises PrahariError when either lies outside, since no rank could be trusted then.

    >>> combine(0.5, 0)
    Risk(risk=50, tier='MEDIUM', bucket=432)
    >>> combine(0.01, 30).risk, combine(0.01, 100).risk
    (1, 90)
    >>> combine(None, 60)
    Risk(risk=60, tier='HIGH', bucket=451)
    """
    probabilities = None if probability is None else np.array([probability])
    risks, buckets = combine_all(probabilities, np.array([rule_score]))
    risk = int(risks[0])
    return Risk(risk, TIER_OF_RISK[risk], int(buckets[0]))


def combine_all(
    probabilities: NDArray[np.float64] | None, rule_scores: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return risks and buckets of n payments; raises as `combine` does."""
    if len(rule_scores) and not 0 <= rule_scores.min() <= rule_scores.max() <= HIGHEST_SCORE:
        raise PrahariError(f"rule scores of 0 to 100 were needed; got {rule_scores.min()} to {rule_scores.max()}")
    if probabilities is None:
        return rule_scores, _BUCKETS_ALONE[rule_scores]
    if not ((probabilities >= 0.0) & (probabilities <= 1.0)).all():  # in this form NaN is refused too
        wrong = probabilities[~((probabilities >= 0.0) & (probabilities <= 1.0))][0]
        raise PrahariError(f"a probability of 0 to 1 was needed; got {wrong}: train the model again")
    return _combine(probabilities, rule_scores, _RULE_HARMLESS)


def tier_of(risk: int) -> str:
    """Name the tier of a risk of 0..100.

    >>> [tier_of(risk) for risk in (0, 29, 30, 60, 84, 85, 100)]
    ['LOW', 'LOW', 'MEDIUM', 'HIGH', 'HIGH', 'CRITICAL', 'CRITICAL']
    """
    return next(name for lowest, name in TIERS if risk >= lowest)


@compiled_making_arrays
def _combine(
    probabilities: NDArray[np.float64], rule_scores: NDArray[np.int64], rule_harmless: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    risks, buckets = np.empty(len(probabilities), np.int64), np.empty(len(probabilities), np.int64)
    for at in range(len(probabilities)):
        harmless = (1.0 - probabilities[at]) * rule_harmless[rule_scores[at]]
        risks[at] = int(100.0 * (1.0 - harmless))
        buckets[at] = _bucket(harmless)
    return risks, buckets


@compiled
def _bucket(harmless: float) -> int:
    """Place a risk of 1 - harmless on the log-odds scale."""
    if harmless >= 1.0:
        return 0
    if harmless <= 0.0:
        return BUCKETS - 1
    step = (math.log((1.0 - harmless) / harmless) - _LOWEST_LOG_ODDS) * _STEPS_PER_LOG_ODD
    return 0 if step < 0.0 else min(int(step), BUCKETS - 1)


TIER_OF_RISK = tuple(tier_of(risk) for risk in range(101))
_RULE_HARMLESS = np.array([1.0 - _RULE_TRUST * (score / 100) ** _RULE_STEEPNESS for score in range(101)])
_BUCKETS_ALONE = np.array([_bucket(1.0 - score / 100) for score in range(101)], np.int64)


def share_of(bucket: int) -> float:
    """Return the risk, 0 to 1, where a bucket begins; `BUCKETS`, which nothing reaches, is 1.

    >>> share_of(432), share_of(0), share_of(1024)
    (0.5, 0.0, 1.0)
    """
    if bucket <= 0:
        return 0.0
    if bucket >= BUCKETS:
        return 1.0
    return round(1.0 / (1.0 + math.exp(-(_LOWEST_LOG_ODDS + bucket / _STEPS_PER_LOG_ODD))), 9)
