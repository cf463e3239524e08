"""Learning: splits in time with buffers, measures against naive ones, calibration that means what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import TrainingError
from features.vector import FEATURE_COUNT
from models.build import build
from models.dataset import Dataset, DatasetBuilder
from models.fit import fit_logistic
from models.logistic import PLAIN_FEATURES
from models.manifest import MODEL_INPUTS, read_artifact
from models.metrics import at_budget
from models.split import HOUR_MS, split_by_time

if TYPE_CHECKING:
    from rules import RuleSet

DAY_MS = 24 * HOUR_MS


@given(st.lists(st.integers(0, 60 * DAY_MS), min_size=1, max_size=300), st.integers(0, 20 * DAY_MS))
def test_slices_follow_each_other_with_a_buffer_of_two_days_at_least(times: list[int], delay: int) -> None:
    """Or the history is refused as too short."""
    table = np.array(times, dtype=np.int64)
    try:
        split = split_by_time(table, delay)
    except TrainingError:
        assert max(times) - min(times) < 5 * DAY_MS
        return
    assert split.buffer_ms >= 48 * HOUR_MS
    for earlier, later in ((split.learn, split.tune), (split.learn, split.test), (split.tune, split.test)):
        if len(earlier) and len(later):
            assert table[later].min() - table[earlier].max() > split.buffer_ms


def test_the_buffer_is_the_label_delay_where_the_history_is_long_enough() -> None:
    """What is measured could then have been had on the day."""
    assert split_by_time(np.arange(0, 60 * DAY_MS, HOUR_MS), 7 * DAY_MS).buffer_ms == 7 * DAY_MS
    assert split_by_time(np.arange(0, 20 * DAY_MS, HOUR_MS), 7 * DAY_MS).buffer_ms == 2 * DAY_MS


def test_too_short_a_history_is_refused_with_what_it_takes() -> None:
    """The operator learns the number of days."""
    with pytest.raises(TrainingError, match="at least 5 days"):
        split_by_time(np.arange(0, 4 * DAY_MS, HOUR_MS), DAY_MS)
    with pytest.raises(TrainingError, match="got none"):
        split_by_time(np.empty(0, dtype=np.int64), DAY_MS)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50), st.integers(0, 3)), min_size=1, max_size=80))
def test_the_budget_is_spent_on_each_days_best(payments: list[tuple[bool, int, int]]) -> None:
    """Against a naive sort per day; ties go to the earlier payment."""
    rate = 250_000
    caught = alerts = catchable = 0
    for day in range(4):
        todays = [(score, fraud) for fraud, score, on in payments if on == day]
        limit = len(todays) // 4
        ranked = sorted(todays, key=lambda pair: -pair[0])[:limit]
        alerts += limit
        caught += sum(fraud for _, fraud in ranked)
        catchable += min(limit, sum(fraud for _, fraud in todays))
    found = at_budget(
        np.array([fraud for fraud, _, _ in payments], dtype=np.int8),
        np.array([score for _, score, _ in payments], dtype=np.float64),
        np.array([on * DAY_MS for _, _, on in payments], dtype=np.int64),
        rate_ppm=rate,
    )
    frauds = sum(fraud for fraud, _, _ in payments)
    assert (found["alerts"], found["caught"]) == (alerts, caught)
    if frauds:
        assert found["recall_ceiling"] == pytest.approx(catchable / frauds, abs=1e-4)


def test_the_day_of_the_budget_is_indian() -> None:
    """18:30 UTC is midnight in India."""
    labels, scores = np.array([1, 0], dtype=np.int8), np.array([0.1, 0.9])
    times = np.array([18 * HOUR_MS, 19 * HOUR_MS], dtype=np.int64)
    assert at_budget(labels, scores, times, rate_ppm=1_000_000)["alerts"] == 2
    assert at_budget(labels, scores, times, rate_ppm=500_000)["alerts"] == 0


def test_the_baseline_weighs_exactly_the_seven_plain_features(dataset: Dataset) -> None:
    """Its coefficients are readable: more rupees, payments and new payees speak for fraud here."""
    inputs = np.column_stack([dataset.rows, np.zeros(len(dataset.rows)), np.zeros(len(dataset.rows))])
    logistic = fit_logistic(inputs, dataset.labels)
    assert tuple(term.feature for term in logistic.terms) == PLAIN_FEATURES
    weights = {term.feature: term.coefficient for term in logistic.terms}
    assert min(weights["amount_rupees"], weights["payer_txn_count_5m"], weights["payee_is_new"]) > 0.3
    assert abs(weights["hour_ist"]) < 0.2


def test_a_builder_gathers_rows_over_block_boundaries() -> None:
    """In the order they came, with the median label delay."""
    builder = DatasetBuilder()
    for i in range(10_000):
        builder.add(
            np.full(FEATURE_COUNT, float(i)),
            is_fraud=i % 10 == 0,
            event_time_ms=i,
            label_time_ms=i + (5 if i % 3 else 50),
        )
    dataset = builder.finish()
    assert dataset.rows.shape == (10_000, FEATURE_COUNT)
    assert dataset.rows[:, 3].tolist() == [float(i) for i in range(10_000)]
    assert int(dataset.labels.sum()) == 1_000
    assert dataset.label_delay_ms == 5


def test_the_model_beats_the_rules_and_its_metrics_stand_beside_their_ceilings(
    model_dir: object, dataset: Dataset
) -> None:
    """Measured on payments later than all it learned from."""
    manifest, _ = read_artifact(model_dir)  # type: ignore[arg-type]
    metrics = manifest.metrics
    assert metrics["model"]["auc"] > metrics["rules"]["auc"]
    assert metrics["model"]["average_precision"] > metrics["logistic"]["average_precision"] * 0.9
    for name in ("model", "risk", "rules", "logistic"):
        found = metrics[name]
        assert found["recall"] <= found["recall_ceiling"]
        assert found["precision"] <= found["precision_ceiling"]
    slices = manifest.data["slices"]
    assert sum(part["rows"] for part in slices.values()) < len(dataset.labels) == manifest.data["rows"]


def test_a_history_without_frauds_is_refused(dataset: Dataset, live_rules: RuleSet) -> None:
    """With what was found, and where to look."""
    with pytest.raises(TrainingError, match=r"at least 10 frauds.*got 0 frauds"):
        build(dataset._replace(labels=np.zeros_like(dataset.labels)), live_rules, seed=1)


def test_what_lies_after_the_learning_slice_cannot_move_the_measured_model(
    dataset: Dataset, live_rules: RuleSet
) -> None:
    """Rows of the buffers change nothing that is measured: they are in no slice."""
    split = split_by_time(dataset.event_time_ms, dataset.label_delay_ms)
    used = np.concatenate([split.learn, split.tune, split.test])
    buffers = np.setdiff1d(np.arange(len(dataset.labels)), used)
    assert len(buffers) > 100
    spoiled = dataset.labels.copy()
    spoiled[buffers] = 1 - spoiled[buffers]
    before = build(dataset, live_rules, seed=2)
    after = build(dataset._replace(labels=spoiled), live_rules, seed=2)
    assert np.array_equal(before.probabilities, after.probabilities)
    assert len(MODEL_INPUTS) == FEATURE_COUNT + 2
