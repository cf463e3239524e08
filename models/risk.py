"""Risk: rule score and calibrated probability in one number, its tier, and the rank by which the alert budget is spent.

With p the model's probability and s the rule score, both are taken as independent warnings (noisy or):

    risk = 1 - (1 - p) * (1 - q(s)),    q(s) = 0.9 * (s / 100)^6

q is steep on purpose. The model has already seen the score of the rules it was trained with, so one rule (s about 30,
q = 0.07 %) does not move a payment; several that agree (s = 80, q = 24 %) do; and an operator who answers a fraud that
the model has never seen can write a rule of weight 100 that nearly decides alone. On simulated worlds a flatter q
(third power) costs 1.2 points of average precision, this one 0.3. Risk never falls when p or s rises. Without a model
the risk is the rule score.

The bucket ranks payments for the budget: the log-odds of the risk in steps of 1/48 from -9 (1 in 8,100) to +12.3. Equal
steps in log-odds keep 0.999 apart from 0.9999, where a budget of 0.5 % is decided.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from features.errors import PrahariError

BUCKETS = 1024

_RULE_TRUST = 0.9
_RULE_STEEPNESS = 6
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
    if rule_score < 0 or rule_score > 100:
        raise PrahariError(f"a rule score of 0 to 100 was needed; got {rule_score}")
    if probability is None:
        return _RULES_ALONE[rule_score]
    if not 0.0 <= probability <= 1.0:  # in this form NaN is refused too
        raise PrahariError(f"a probability of 0 to 1 was needed; got {probability}: train the model again")
    harmless = (1.0 - probability) * _RULE_HARMLESS[rule_score]
    risk = int(100.0 * (1.0 - harmless))
    return Risk(risk, _TIER_OF_RISK[risk], _bucket(harmless))


def tier_of(risk: int) -> str:
    """Name the tier of a risk of 0..100.

    >>> [tier_of(risk) for risk in (0, 29, 30, 60, 84, 85, 100)]
    ['LOW', 'LOW', 'MEDIUM', 'HIGH', 'HIGH', 'CRITICAL', 'CRITICAL']
    """
    return next(name for lowest, name in TIERS if risk >= lowest)


def _bucket(harmless: float) -> int:
    """Place a risk of 1 - harmless on the log-odds scale."""
    if harmless >= 1.0:
        return 0
    if harmless <= 0.0:
        return BUCKETS - 1
    step = (math.log((1.0 - harmless) / harmless) - _LOWEST_LOG_ODDS) * _STEPS_PER_LOG_ODD
    return 0 if step < 0.0 else min(int(step), BUCKETS - 1)


_TIER_OF_RISK = tuple(tier_of(risk) for risk in range(101))
_RULE_HARMLESS = tuple(1.0 - _RULE_TRUST * (score / 100) ** _RULE_STEEPNESS for score in range(101))
_RULES_ALONE = tuple(Risk(score, tier_of(score), _bucket(1.0 - score / 100)) for score in range(101))


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
