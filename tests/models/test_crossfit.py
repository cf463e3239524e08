"""Margins for calibration come from trees that did not learn near the payments they score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.clock import DAY_MS, HOUR_MS
from models.build import build
from models.crossfit import held_out_margins, time_blocks
from models.metrics import ranking

if TYPE_CHECKING:
    from models.artifact import Model
    from models.dataset import Dataset
    from rules import RuleSet


@pytest.mark.parametrize("days", [24, 60, 365])
def test_every_row_is_scored_once_by_trees_that_learned_two_days_away_at_least(days: int) -> None:
    """Whatever the order of the rows."""
    times = np.random.default_rng(days).permutation(np.arange(0, days * DAY_MS, HOUR_MS))
    blocks = time_blocks(times)
    assert blocks is not None
    assert sorted(np.concatenate([scored for scored, _ in blocks]).tolist()) == list(range(len(times)))
    for scored, learned in blocks:
        distance = np.abs(times[learned][:, None] - np.array([times[scored].min(), times[scored].max()])[None])
        assert distance.min() > 48 * HOUR_MS
        assert not ((times[learned] > times[scored].min()) & (times[learned] < times[scored].max())).any()


def test_a_short_history_has_no_blocks() -> None:
    """Ten days less two buffers around each block would leave too little to learn from."""
    assert time_blocks(np.arange(0, 10 * DAY_MS, HOUR_MS)) is None


def test_held_out_margins_rank_frauds_without_having_seen_them(model: Model, dataset: Dataset) -> None:
    """Worse than the shipped trees, which have seen them, and far better than chance."""
    inputs = model.inputs(dataset.rows)
    found = held_out_margins(inputs, dataset.labels, dataset.event_time_ms, tree_count=60, step=0.08, seed=1)
    assert found is not None
    labels, trees = dataset.labels[found.rows], model.trees.margins(inputs[found.rows])
    unseen, seen = (ranking(labels, scores)["average_precision"] for scores in (found.margins, trees))
    assert 0.5 < unseen < seen


def test_the_first_quarter_calibrates_nothing(model: Model, dataset: Dataset) -> None:
    """Its tables were just being filled: what comes later is all that comes live."""
    inputs = model.inputs(dataset.rows)
    found = held_out_margins(inputs, dataset.labels, dataset.event_time_ms, tree_count=5, step=0.08, seed=1)
    assert found is not None
    later = dataset.event_time_ms >= np.quantile(dataset.event_time_ms, 0.25).astype(np.int64)
    assert sorted(found.rows.tolist()) == np.flatnonzero(later).tolist()


def test_probabilities_told_are_shares_found(model: Model) -> None:
    """The manifest keeps the comparison, on payments held out."""
    assert model.manifest.parameters["calibrated_on"] == "all blocks but the first, held out in turn"
    for group in model.manifest.metrics["calibration"]:
        spread = 4 * np.sqrt(max(group["told"], 1e-4) / group["payments"]) + 0.02
        assert group["found"] == pytest.approx(group["told"], abs=spread)


def test_a_history_too_short_for_blocks_is_calibrated_on_its_tuning_slice(
    dataset: Dataset, live_rules: RuleSet
) -> None:
    """And says so."""
    squeezed = dataset._replace(event_time_ms=dataset.event_time_ms // 3)
    built = build(squeezed, live_rules, seed=1)
    assert built.manifest.parameters["calibrated_on"] == "tuning slice"
    assert "calibration" not in built.manifest.metrics
