"""Risk: one number from two warnings, monotone, fine at the top, and honest without a model."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import PrahariError
from models.risk import BUCKETS, combine

probabilities = st.floats(0.0, 1.0)
scores = st.integers(0, 100)


@given(probabilities, probabilities, scores, scores)
def test_risk_never_falls_when_either_warning_rises(first: float, second: float, low: int, high: int) -> None:
    """An operator who raises a weight, or a model that is surer, can only raise risk, tier and rank."""
    lower = combine(min(first, second), min(low, high))
    upper = combine(max(first, second), max(low, high))
    assert lower.risk <= upper.risk
    assert lower.bucket <= upper.bucket
    assert combine(None, min(low, high)).bucket <= combine(None, max(low, high)).bucket


@given(st.none() | probabilities, scores)
def test_risk_and_bucket_stay_in_their_ranges(probability: float | None, score: int) -> None:
    """The budget indexes its histogram by the bucket."""
    risk = combine(probability, score)
    assert 0 <= risk.risk <= 100
    assert 0 <= risk.bucket < BUCKETS
    assert risk.tier in ("LOW", "MEDIUM", "HIGH", "CRITICAL")


@given(st.floats(1e-3, 0.999), scores)
def test_risk_is_the_noisy_or_of_its_documentation(probability: float, score: int) -> None:
    """Computed here the long way, as the probability that not both warnings are false."""
    rule = 0.9 * (score / 100) ** 12
    expected = 100 * (probability + rule - probability * rule)
    assert combine(probability, score).risk == pytest.approx(expected, abs=1.0)


@given(st.floats(-8.5, 12.0), scores)
def test_a_step_of_the_bucket_is_a_step_in_log_odds(log_odds: float, score: int) -> None:
    """A 20th of a log-odd apart is always another bucket, at 0.9999 as at 0.5."""
    lower = combine(1 / (1 + math.exp(-log_odds)), 0)
    upper = combine(1 / (1 + math.exp(-log_odds - 0.05)), score)
    assert upper.bucket > lower.bucket


def test_without_a_model_the_risk_is_the_rule_score() -> None:
    """The worker says so and goes on."""
    for score in range(101):
        assert combine(None, score).risk == score


def test_one_rule_alone_moves_little_and_an_operator_can_force_an_alert() -> None:
    """A weight of 100 is how a fraud is stopped that the model has never seen."""
    assert combine(0.02, 30).risk <= 3
    assert combine(0.001, 100).tier == "CRITICAL"


@pytest.mark.parametrize(("probability", "score"), [(math.nan, 0), (1.1, 0), (-0.1, 0), (0.5, 101), (0.5, -1)])
def test_what_is_no_probability_or_score_is_refused(probability: float, score: int) -> None:
    """A NaN would otherwise rank somewhere by accident."""
    with pytest.raises(PrahariError):
        combine(probability, score)
