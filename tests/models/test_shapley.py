"""What each input moved: LightGBM's values, and Shapley's by definition."""

from __future__ import annotations

import itertools
import math
import threading
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ArtifactMismatch
from models.trees import Ensemble
from tests.models.lightgbm_text import Reference
from tests.models.test_trees import wild_rows

if TYPE_CHECKING:
    from pathlib import Path

    from models.artifact import Model
    from models.dataset import Dataset


def test_contributions_are_lightgbms(model: Model, model_dir: Path, dataset: Dataset) -> None:
    """With missing values among the inputs, and on rows that no training saw."""
    reference = Reference((model_dir / "model.txt").read_text())
    for inputs in (model.inputs(dataset.rows[:300]), wild_rows(300, model.trees.width, seed=3)):
        assert np.allclose(model.trees.contributions(inputs), reference.contributions(inputs), rtol=0, atol=1e-11)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(2, 40))
def test_any_trees_are_explained_as_lightgbm_does(seed: int, width: int, leaves: int) -> None:
    """Of few inputs, so that many splits of a way are of one input; with missing values, and thresholds met exactly."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 6, (400, width)).astype(float)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    labels = np.nan_to_num(rows).sum(axis=1) + rng.normal(size=400) > 2.5 * width
    parameters = {"objective": "binary", "num_leaves": leaves, "min_data_in_leaf": 2, "verbose": -1, "num_threads": 1}
    text = lightgbm.train(parameters, lightgbm.Dataset(rows, labels.astype(int)), 5).model_to_string()

    assert np.allclose(Ensemble(text).contributions(rows), Reference(text).contributions(rows), rtol=0, atol=1e-11)


def test_contributions_add_up_to_the_margin(model: Model, dataset: Dataset) -> None:
    """Nothing of the log-odds is left unexplained."""
    inputs = model.inputs(dataset.rows[:200])
    assert np.allclose(model.trees.contributions(inputs).sum(axis=1), model.trees.margins(inputs), atol=1e-9)


def expectation(node: dict[str, Any], row: list[float], known: frozenset[int]) -> float:
    """Follow known features; average over both sides by their training counts where a feature is not known."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expectation(left if row[node["split_feature"]] <= node["threshold"] else right, row, known)
    counts = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    parts = [expectation(child, row, known) * n for child, n in zip((left, right), counts, strict=True)]
    return float(sum(parts) / sum(counts))


def test_contributions_are_exact_shapley_values() -> None:
    """Against the definition: the mean over all orders of what a feature adds to those known before it."""
    rng = np.random.default_rng(5)
    rows = rng.random((500, 3))
    labels = (rows[:, 0] * rows[:, 1] + 0.3 * rows[:, 2] > 0.5).astype(int)
    parameters = {"objective": "binary", "num_leaves": 6, "verbose": -1, "seed": 1}
    reference = lightgbm.train(parameters, lightgbm.Dataset(rows, labels), 4)
    trees = [tree["tree_structure"] for tree in reference.dump_model()["tree_info"]]
    row = rows[7].tolist()

    def value(known: frozenset[int]) -> float:
        return sum(expectation(tree, row, known) for tree in trees)

    orders = list(itertools.permutations(range(3)))
    shares = [
        sum(value(frozenset(o[: o.index(i) + 1])) - value(frozenset(o[: o.index(i)])) for o in orders) / len(orders)
        for i in range(3)
    ]
    found = Ensemble(reference.model_to_string()).contributions(rows[7:8])[0].tolist()
    assert found == pytest.approx([*shares, value(frozenset())], abs=1e-12)


def test_a_row_gets_the_same_bits_in_any_batch(model: Model, dataset: Dataset) -> None:
    """Alone, in pairs and among hundreds."""
    rows = dataset.rows[:257]
    whole = model.probability(rows)
    for size in (1, 2, 7, 100):
        parts = [model.probability(rows[start : start + size]) for start in range(0, len(rows), size)]
        assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(model.probability(np.asfortranarray(rows)), whole)


def test_threads_share_the_trees(model: Model, dataset: Dataset) -> None:
    """Reasons are computed off the event loop while the next batch is scored."""
    inputs = model.inputs(dataset.rows[:200])
    margins, shares = model.trees.margins(inputs), model.trees.contributions(inputs)
    failures: list[int] = []

    def work() -> None:
        for _ in range(10):
            same = np.array_equal(model.trees.margins(inputs), margins)
            failures.extend([0] * (not same or not np.array_equal(model.trees.contributions(inputs[:20]), shares[:20])))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_rows_of_another_width_are_refused(model: Model) -> None:
    """Compiled code would read beyond the row otherwise."""
    with pytest.raises(ArtifactMismatch, match="train again"):
        model.trees.margins(np.zeros((2, 3)))
    with pytest.raises(ArtifactMismatch):
        model.trees.margins(np.zeros(model.trees.width))
    with pytest.raises(ArtifactMismatch, match="train again"):
        model.trees.contributions(np.zeros((2, 3)))


def test_no_rows_have_no_margins(model: Model) -> None:
    """A chunk may hold nothing to score."""
    assert model.trees.margins(np.empty((0, model.trees.width))).shape == (0,)


def test_trees_that_do_not_say_what_they_were_grown_on_are_not_explained(model_dir: Path) -> None:
    """An isolation forest's, for instance; they are evaluated all the same."""
    forest = Ensemble((model_dir / "isolation_forest.txt").read_text())
    rows = np.zeros((1, forest.width))
    assert len(forest.margins(rows)) == 1
    with pytest.raises(ArtifactMismatch, match="how many rows"):
        forest.contributions(rows)


def test_missing_values_are_a_side_of_their_own(model: Model, dataset: Dataset) -> None:
    """NaN is scored as missing, not as zero."""
    blank = np.full((1, dataset.rows.shape[1]), math.nan)
    assert model.probability(blank)[0] != model.probability(np.zeros_like(blank))[0]
