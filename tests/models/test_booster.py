"""The C library called directly gives what LightGBM's Python package gives, and exact Shapley values."""

from __future__ import annotations

import itertools
import math
import threading
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import pytest

from features.errors import ArtifactMismatch
from models.booster import Booster

if TYPE_CHECKING:
    from pathlib import Path

    from models.artifact import Model
    from models.dataset import Dataset


def test_margins_and_contributions_equal_the_python_package(model: Model, model_dir: Path, dataset: Dataset) -> None:
    """Bit for bit, with missing values among the inputs."""
    reference = lightgbm.Booster(model_file=str(model_dir / "model.txt"))
    inputs = model.inputs(dataset.rows[:300])
    assert np.array_equal(model.trees.margins(inputs), reference.predict(inputs, raw_score=True))
    assert np.array_equal(model.trees.contributions(inputs), reference.predict(inputs, pred_contrib=True))


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
    found = Booster(reference.model_to_string()).contributions(rows[7:8])[0].tolist()
    assert found == pytest.approx([*shares, value(frozenset())], abs=1e-12)


def test_a_row_gets_the_same_bits_in_any_batch(model: Model, dataset: Dataset) -> None:
    """Alone, in pairs and among hundreds."""
    rows = dataset.rows[:257]
    whole = model.probability(rows)
    for size in (1, 2, 7, 100):
        parts = [model.probability(rows[start : start + size]) for start in range(0, len(rows), size)]
        assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(model.probability(np.asfortranarray(rows)), whole)


def test_threads_share_a_booster(model: Model, dataset: Dataset) -> None:
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
    """C code would read beyond the row otherwise."""
    with pytest.raises(ArtifactMismatch, match="train again"):
        model.trees.margins(np.zeros((2, 3)))
    with pytest.raises(ArtifactMismatch):
        model.trees.margins(np.zeros(model.trees.width))


def test_no_rows_have_no_margins(model: Model) -> None:
    """A chunk may hold nothing to score."""
    assert model.trees.margins(np.empty((0, model.trees.width))).shape == (0,)


@pytest.mark.parametrize("text", ["", "tree\nversion=v4\n", "nonsense"])
def test_a_text_that_is_no_model_is_refused(text: str) -> None:
    """With LightGBM's own reason."""
    with pytest.raises(ArtifactMismatch, match="LightGBM could not"):
        Booster(text)


def test_missing_values_are_a_side_of_their_own(model: Model, dataset: Dataset) -> None:
    """NaN is scored as missing, not as zero."""
    blank = np.full((1, dataset.rows.shape[1]), math.nan)
    assert model.probability(blank)[0] != model.probability(np.zeros_like(blank))[0]
