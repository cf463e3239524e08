"""The isolation forest: learned by scikit-learn, written as LightGBM text, evaluated like any other trees (`trees`).

scikit-learn scores a row as -2^(-d), d being the mean path length over the trees in units of the expected one (Liu,
Ting and Zhou, 2008). Each leaf's share of d is a constant, so the forest is a tree ensemble whose leaves add up to d.
Two things are folded into the thresholds, so that scoring needs neither: the logarithmic scale that the forest learns
on, and scikit-learn's rounding of inputs to float32. A missing feature goes the way its fill value went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TREE_COUNT = 32
SAMPLES_PER_TREE = 128
_DECISION_NAN = 8
_DECISION_NAN_LEFT = 10
_SIGN_BIT = np.int64(-(2**63))


def log_scale(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compress amounts, counts and ages to their order of magnitude, sign kept.

    >>> log_scale(np.array([0.0, -1.0])).tolist()
    [0.0, -0.6931471805599453]
    """
    return np.sign(values) * np.log1p(np.abs(values))


def fill_values(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose what stands for a missing value in each column of [n, F]: the median of the known ones, 0 without any."""
    known = ~np.isnan(rows)
    return np.array([np.median(rows[known[:, i], i]) if known[:, i].any() else 0.0 for i in range(rows.shape[1])])


def fit_forest(rows: NDArray[np.float64], *, seed: int, tree_count: int = TREE_COUNT) -> str:
    """Fit an isolation forest to rows of shape [n, F] with NaN where missing, and return it as LightGBM text."""
    fill = fill_values(rows)
    return forest_text(fit_estimator(rows, fill, seed=seed, tree_count=tree_count), fill)


def fit_estimator(rows: NDArray[np.float64], fill: NDArray[np.float64], *, seed: int, tree_count: int) -> Any:
    """Fit scikit-learn's IsolationForest to the filled, log-scaled rows."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - heavy, and only training needs it

    filled = log_scale(np.where(np.isnan(rows), fill, rows)).astype(np.float32)
    forest = IsolationForest(n_estimators=tree_count, max_samples=min(SAMPLES_PER_TREE, len(rows)), random_state=seed)
    return forest.fit(filled)


def forest_text(forest: Any, fill: NDArray[np.float64]) -> str:
    """Write a fitted IsolationForest over F columns as LightGBM text; the sum of its leaves is the relative depth d."""
    width = len(fill)
    expected = len(forest.estimators_) * float(path_length(np.array([forest.max_samples_]))[0])
    trees = [
        _tree_text(index, estimator.tree_, features, fill, expected)
        for index, (estimator, features) in enumerate(zip(forest.estimators_, forest.estimators_features_, strict=True))
    ]
    names = " ".join(f"f{i}" for i in range(width))
    ranges = " ".join(["[-inf:inf]"] * width)
    head = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={width - 1}\nobjective=regression\nfeature_names={names}\nfeature_infos={ranges}\n"
        f"tree_sizes={' '.join(str(len(tree)) for tree in trees)}\n\n"
    )
    return head + "".join(trees) + "end of trees\n"


def path_length(samples: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the expected path length of an unsuccessful search among n samples, c(n) of the paper.

    >>> path_length(np.array([1, 2, 256])).round(4).tolist()
    [0.0, 1.0, 10.2448]
    """
    many = np.maximum(samples, 3).astype(np.float64)
    long = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    return np.where(samples > 2, long, np.where(samples == 2, 1.0, 0.0))


def raw_thresholds(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find for each threshold t the largest x with float32(log_scale(x)) <= t, so that both splits agree on every x.

    Floats are ordered like their bits, so 64 halvings of the bit range find it.
    """
    low = np.full(len(thresholds), _ordered(np.array([-np.finfo(np.float64).max]))[0])
    high = np.full(len(thresholds), _ordered(np.array([np.finfo(np.float64).max]))[0])
    for _ in range(64):
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        middle = np.where(high - middle > middle - low, middle + 1, middle)
        left = log_scale(_float(middle)).astype(np.float32) <= thresholds
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return _float(low)


def _ordered(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Map floats to integers in the same order."""
    bits = values.view(np.int64)
    return np.where(bits < 0, _SIGN_BIT - bits, bits)


def _float(ordered: NDArray[np.int64]) -> NDArray[np.float64]:
    """Map the integers of `_ordered` back to floats."""
    return np.where(ordered < 0, _SIGN_BIT - ordered, ordered).view(np.float64)


def _tree_text(index: int, tree: Any, features: NDArray[np.int64], fill: NDArray[np.float64], expected: float) -> str:
    """Write one tree; LightGBM numbers inner nodes and leaves apart, leaf k being child -k - 1."""
    is_leaf = tree.children_left < 0
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)
    depth = np.zeros(tree.node_count, dtype=np.int64)
    inner = np.flatnonzero(~is_leaf)
    for node in inner.tolist():  # scikit-learn numbers parents before their children
        depth[[tree.children_left[node], tree.children_right[node]]] = depth[node] + 1
    leaves = (depth + path_length(tree.n_node_samples))[is_leaf] / expected
    column = features[tree.feature[inner]]
    thresholds = raw_thresholds(tree.threshold[inner])
    decisions = np.where(fill[column] <= thresholds, _DECISION_NAN_LEFT, _DECISION_NAN)
    fields = {
        "num_leaves": [len(leaves)],
        "num_cat": [0],
        "split_feature": column,
        "split_gain": np.ones(len(inner), dtype=np.int64),
        "threshold": thresholds,
        "decision_type": decisions,
        "left_child": number[tree.children_left[inner]],
        "right_child": number[tree.children_right[inner]],
        "leaf_value": leaves,
        "is_linear": [0],
        "shrinkage": [1],
    }
    lines = [f"{name}={' '.join(map(repr, np.asarray(values).tolist()))}\n" for name, values in fields.items()]
    return f"Tree={index}\n{''.join(lines)}\n\n"
