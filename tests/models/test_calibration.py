"""Calibration: what is told is what is found, and the order of payments is kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ArtifactMismatch
from models.calibration import Calibration
from models.fit import fit_calibration
from models.metrics import calibration_table


def test_calibration_recovers_the_odds_that_a_weight_distorted() -> None:
    """Frauds of weight 5 shift margins by ln 5; what is told must be what is found."""
    rng = np.random.default_rng(8)
    truth = rng.normal(-3.0, 2.0, 60_000)
    labels = (rng.random(60_000) < 1 / (1 + np.exp(-truth))).astype(np.int8)
    calibration = fit_calibration(0.8 * truth + math.log(5.0), labels)
    told = np.array([calibration.probability(margin) for margin in (0.8 * truth + math.log(5.0)).tolist()])
    for payments, mean, share in calibration_table(labels, told):
        assert mean == pytest.approx(share, abs=4 * math.sqrt(mean * (1 - mean) / payments) + 0.01)


@given(st.floats(-40, 40), st.floats(-40, 40), st.floats(0.05, 5), st.floats(0.05, 5), st.floats(-9, 9))
def test_calibration_keeps_the_order_of_margins(one: float, two: float, low: float, high: float, shift: float) -> None:
    """It never makes a lower margin the likelier fraud, and never leaves 0..1."""
    calibration = Calibration(low=low, high=high, intercept=shift)
    first, second = (calibration.probability(margin) for margin in sorted((one, two)))
    assert 0.0 <= first <= second <= 1.0


def test_calibration_of_margins_that_rank_backwards_still_rises() -> None:
    """A tuning slice too small to trust must not turn the model around."""
    margins = np.linspace(-2, 2, 200)
    calibration = fit_calibration(margins, (margins < 0).astype(np.int8))
    assert calibration.probability(-1.0) < calibration.probability(1.0)


def test_a_calibration_that_would_not_rise_cannot_be_made() -> None:
    """Neither from a file nor in memory."""
    with pytest.raises(ArtifactMismatch):
        Calibration(low=0.0, high=1.0, intercept=0.0)
