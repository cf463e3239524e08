"""Drift: nothing where the world is as it was in training, much where it is not, and a bounded memory of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.vector import FEATURE_NAMES
from models.drift import SCORE, DriftMeter, count, psi, read_reference, reference
from tests.models.conftest import make_dataset

if TYPE_CHECKING:
    from models.artifact import Model


def meter(**options: int) -> DriftMeter:
    """Return a meter of two inputs, normal and mostly unknown, and of a score."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(20_000, 2))
    rows[rng.random(20_000) < 0.9, 1] = np.nan
    return DriftMeter(("a", "b"), read_reference(reference(("a", "b"), rows, rng.random(20_000))), **options)


def fed(shift: float, known: float, *, count: int = 40_000, score: float = 1.0, **options: int) -> dict[str, float]:
    """Return the drift of a world that is shifted, and whose second input is known so often, told in small parts."""
    rng, told = np.random.default_rng(2), meter(**options)
    rows = rng.normal(size=(count, 2)) + np.array([shift, 0.0])
    rows[rng.random(count) >= known, 1] = np.nan
    scores = rng.random(count) ** score
    for start in range(0, count, 7):
        told.observe(rows[start : start + 7], scores[start : start + 7])
    return told.drift()


def test_the_same_world_does_not_drift() -> None:
    """A sample of 2,500 payments says under 0.02 for each."""
    assert max(fed(0.0, 0.1).values()) < 0.02


def test_each_input_and_the_score_drift_by_themselves() -> None:
    """A shift by a standard deviation, an input suddenly known, scores that rise: each is seen where it is."""
    shifted, known, scored = fed(1.0, 0.1), fed(0.0, 0.5), fed(0.0, 0.1, score=3.0)

    assert min(shifted["a"], known["b"], scored[SCORE]) > 0.25
    assert max(shifted["b"], known["a"], scored["a"]) < 0.02


def test_it_says_nothing_before_it_has_seen_enough() -> None:
    """199 payments sampled are no world."""
    assert fed(1.0, 0.1, count=199, every=1) == {}
    assert set(fed(1.0, 0.1, count=200, every=1)) == {"a", "b", SCORE}


def test_a_world_that_went_back_to_normal_stops_drifting() -> None:
    """What is long past counts less and less."""
    told = meter(every=1, half_at=2_000)
    rng = np.random.default_rng(3)
    for shift in (2.0, 0.0):
        for _ in range(40):
            rows = rng.normal(size=(500, 2)) + np.array([shift, 0.0])
            told.observe(rows, rng.random(500))
        if shift:
            assert told.drift()["a"] > 1.0
    assert told.drift()["a"] < 0.05
    assert told.counted < 2_000


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_one_in_so_many_is_sampled_however_parts_are_cut(sizes: list[int]) -> None:
    """Parts of one payment are sampled as parts of many are."""
    told = meter(every=16)
    for size in sizes:
        told.observe(np.zeros((size, 2)), np.zeros(size))
    told.drift()

    assert told.counted == -(-sum(sizes) // 16)


@pytest.mark.parametrize(("then", "now"), [([1.0, 0.0], [0.0, 1.0]), ([0.2, 0.8], [0.8, 0.2])])
def test_the_index_is_finite_and_symmetric(then: list[float], now: list[float]) -> None:
    """An empty bin says much, not everything."""
    forth, back = psi(np.array(then), np.array(now)), psi(np.array(now), np.array(then))

    assert forth == pytest.approx(back)
    assert 1.0 < forth < 20.0 or then == [0.2, 0.8]


def test_bins_count_what_is_unknown_and_what_is_beyond() -> None:
    """Every value falls into one bin."""
    values = np.array([-np.inf, 0.0, 1.0, np.inf, np.nan, np.nan])

    assert count(np.array([0.0, 1.0]), values).tolist() == [1, 1, 2, 2]


def test_training_keeps_bins_of_every_feature_and_of_the_score(model: Model) -> None:
    """So that drift can be told of any model that is trained from now on."""
    bins = read_reference(model.manifest.data["reference"])

    assert set(bins) == {*FEATURE_NAMES, SCORE}
    told = DriftMeter(FEATURE_NAMES, bins, every=1)
    again = make_dataset(8_000)
    told.observe(again.rows, np.full(8_000, 0.5))
    drift = told.drift()
    assert max(drift[name] for name in FEATURE_NAMES) < 0.01
    assert drift[SCORE] > 0.5
