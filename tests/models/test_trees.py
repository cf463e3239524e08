"""Trees of our own against LightGBM's: the same sums to the last bit, by either way of evaluating them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ArtifactMismatch
from models.falsifying import falsify, to_splits
from models.manifest import FOREST_TEXT, MODEL_TEXT
from models.trees import Ensemble
from models.walking import to_nodes, walk
from tests.models.lightgbm_text import Reference

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def wild_rows(count: int, width: int, seed: int) -> NDArray[np.float64]:
    """Return rows of all magnitudes, with zeros, negatives, NaN and infinities."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, width)) * 10.0 ** rng.integers(-3, 8, (count, width))
    for value, share in ((0.0, 0.2), (np.nan, 0.2), (np.inf, 0.02), (-np.inf, 0.02), (1.0, 0.1)):
        rows[rng.random(rows.shape) < share] = value
    return rows


@pytest.mark.parametrize("name", [MODEL_TEXT, FOREST_TEXT])
def test_sums_are_lightgbms_to_the_last_bit(model_dir: Path, name: str) -> None:
    """For a trained model and its isolation forest, on rows that no training saw."""
    text = (model_dir / name).read_text()
    trees, booster = Ensemble(text), Reference(text)
    for count in (1, 63, 64, 65, 500):
        rows = wild_rows(count, trees.width, seed=count)

        assert trees.margins(rows).tobytes() == booster.margins(rows).tobytes()


def grow(rng: np.random.Generator, leaves: int, width: int) -> str:
    """Return a random tree as LightGBM text, thresholds on and between the values that rows take."""
    children: tuple[list[int], list[int]] = ([0] * (leaves - 1), [0] * (leaves - 1))
    open_ends = [(0, 0), (0, 1)]
    for node in range(1, leaves - 1):
        parent, side = open_ends.pop(int(rng.integers(len(open_ends))))
        children[side][parent] = node
        open_ends += [(node, 0), (node, 1)]
    for leaf, (parent, side) in enumerate(open_ends):
        children[side][parent] = -leaf - 1
    inner = leaves - 1
    fields = {
        "num_leaves": [leaves],
        "num_cat": [0],
        "split_feature": rng.integers(width, size=inner).tolist(),
        "split_gain": [1] * inner,
        "threshold": rng.choice([0.0, 1.0, -1.0, 0.5, 1e-35, 1e6, -1e-35], inner).tolist(),
        "decision_type": rng.choice([0, 2, 8, 10], inner).tolist(),
        "left_child": children[0],
        "right_child": children[1],
        "leaf_value": rng.normal(size=leaves).tolist(),
        "is_linear": [0],
        "shrinkage": [1],
    }
    return "".join(f"{name}={' '.join(map(repr, values))}\n" for name, values in fields.items())


def ensemble(seed: int, sizes: list[int], width: int) -> str:
    """Return random trees as LightGBM text."""
    rng = np.random.default_rng(seed)
    trees = [f"Tree={number}\n{grow(rng, leaves, width)}\n\n" for number, leaves in enumerate(sizes)]
    head = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={width - 1}\nobjective=regression\n"
        f"feature_names={' '.join(f'f{number}' for number in range(width))}\n"
        f"feature_infos={' '.join(['[-inf:inf]'] * width)}\n"
        f"tree_sizes={' '.join(str(len(tree)) for tree in trees)}\n\n"
    )
    return head + "".join(trees) + "end of trees\n"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(2, 64), min_size=1, max_size=6), st.booleans())
def test_any_trees_are_evaluated_as_lightgbm_does(seed: int, sizes: list[int], large: bool) -> None:
    """Any shape, any side for what is missing, thresholds met exactly; with one large tree all are walked."""
    text = ensemble(seed, [*sizes, 130] if large else sizes, width=5)
    rows = wild_rows(200, 5, seed)

    assert Ensemble(text).margins(rows).tobytes() == Reference(text).margins(rows).tobytes()


def test_both_ways_agree(model_dir: Path) -> None:
    """Small trees may be walked too."""
    model = Ensemble((model_dir / MODEL_TEXT).read_text())
    rows = wild_rows(300, model.width, seed=1)
    walked, falsified = np.zeros(300), np.zeros(300)
    walk(rows, *to_nodes(model.trees), walked)
    falsify(rows, *to_splits(model.trees, model.width), falsified)

    assert walked.tobytes() == falsified.tobytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("num_leaves=", "leaves="),
        ("decision_type=", "decision_type=1 "),
        ("threshold=", "threshold=x "),
        ("max_f", "f"),
    ],
)
def test_text_that_is_no_ensemble_of_numeric_splits_is_refused(old: str, new: str) -> None:
    """A missing field, a categorical split, a number that is none."""
    text = ensemble(1, [4], width=2).replace(old, new)

    with pytest.raises(ArtifactMismatch, match="train again"):
        Ensemble(text)


def test_rows_of_another_width_are_refused() -> None:
    """The message says how many inputs are needed."""
    with pytest.raises(ArtifactMismatch, match="rows of 2 inputs were needed"):
        Ensemble(ensemble(1, [4], width=2)).margins(np.zeros((1, 3)))
