"""The exported isolation forest is scikit-learn's, down to the rows that stand exactly on a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from models.isolation import fill_values, fit_estimator, fit_forest, forest_text, log_scale, raw_thresholds
from tests.models.lightgbm_text import Reference


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Give heavy-tailed, negative, whole and missing values."""
    rng = np.random.default_rng(2)
    table = rng.lognormal(3, 2, (4_000, 12))
    table[:, 0] -= 40.0
    table[:, 5] = rng.integers(0, 3, len(table))
    table[:, 7] = 1.0
    table[rng.random(table.shape) < 0.1] = np.nan
    table[:, 9] = np.nan
    return table


def test_depths_equal_score_samples(rows: np.ndarray) -> None:
    """score_samples is -2^(-depth); LightGBM sums the same leaves in C."""
    fill = fill_values(rows)
    forest = fit_estimator(rows, fill, seed=4, tree_count=24)
    booster = Reference(forest_text(forest, fill))
    rng = np.random.default_rng(3)
    inner = [estimator.tree_.feature >= 0 for estimator in forest.estimators_]
    trees = [estimator.tree_ for estimator in forest.estimators_]
    thresholds = raw_thresholds(np.concatenate([tree.threshold[i] for tree, i in zip(trees, inner, strict=True)]))
    columns = np.concatenate([tree.feature[i] for tree, i in zip(trees, inner, strict=True)])
    edged = rows.copy()
    for position in range(len(edged)):
        node = int(rng.integers(len(thresholds)))
        neighbours = [thresholds[node], np.nextafter(thresholds[node], np.inf), np.nextafter(thresholds[node], -np.inf)]
        edged[position, columns[node]] = rng.choice(neighbours)
    for table in (rows, edged):
        filled = log_scale(np.where(np.isnan(table), fill, table)).astype(np.float32)
        assert np.allclose(-(2.0 ** -booster.margins(table)), forest.score_samples(filled), rtol=0, atol=1e-12)


def test_raw_thresholds_split_where_the_scaled_ones_do() -> None:
    """The largest float on the left side, and the next one on the right."""
    scaled = np.array([-3.7, -1e-30, 0.0, 1e-9, 0.3, 2.5, 17.25])
    raw = raw_thresholds(scaled)
    assert (log_scale(raw).astype(np.float32) <= scaled).all()
    assert (log_scale(np.nextafter(raw, np.inf)).astype(np.float32) > scaled).all()


def test_the_same_seed_gives_the_same_text(rows: np.ndarray) -> None:
    """An artifact can be made again, byte for byte."""
    assert fit_forest(rows, seed=1, tree_count=4) == fit_forest(rows, seed=1, tree_count=4)
    assert fit_forest(rows, seed=1, tree_count=4) != fit_forest(rows, seed=2, tree_count=4)


def test_outliers_are_isolated_sooner(rows: np.ndarray) -> None:
    """A row unlike all others has a smaller depth than nearly all of them."""
    booster = Reference(fit_forest(rows, seed=1))
    odd = np.nanmax(rows, axis=0, keepdims=True, initial=1.0) * 50
    assert booster.margins(odd)[0] < np.quantile(booster.margins(rows), 0.01)
