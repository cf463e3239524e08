"""A tree ensemble in LightGBM's text form, evaluated by compiled code of our own: the same bits at a third of the cost.

LightGBM goes row by row through all trees: a jump that no processor can foresee at every level, through nodes that do
not fit its first-level cache. Small trees are evaluated by what is *false* instead (QuickScorer; Lucchese et al., SIGIR
2015): every split that sends a row right rules out the leaves on its left, so a tree is a set of bits and a row's leaf
the first bit left. Splits are kept by input, thresholds rising, so that a row meets exactly its false ones, one after
the other. Trees of more than 64 leaves are walked, all rows of a block one level at a time.

Leaves are added up in the order of the trees, as LightGBM does: tests hold the sums equal to the last bit. What needs
more than numeric splits is refused; training makes nothing else.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.errors import ArtifactMismatch
from models.falsifying import falsify, to_splits
from models.shapley import shapley, to_ways
from models.walking import to_nodes, walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.shapley import Ways

LEAVES_MAX_FALSIFIED = 64

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_SHIFT = 2
_MISSING_NONE, _MISSING_NAN = 0, 2


class Tree(NamedTuple):
    """One tree: per inner node its input, threshold, children and where NaN goes (1: right); per leaf its value.

    A child below 0 is leaf `-child - 1`. `node_rows` and `leaf_rows` are how many rows of training came there, where
    the text says so.
    """

    inputs: NDArray[np.int64]
    thresholds: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    nan_right: NDArray[np.int64]
    values: NDArray[np.float64]
    node_rows: NDArray[np.int64]
    leaf_rows: NDArray[np.int64]


class Ensemble:
    """The ensemble; `width` is how many inputs it reads.

    Raises ArtifactMismatch for text that is no ensemble of numeric splits.
    """

    def __init__(self, text: str) -> None:
        head, *parts = text.split("\nTree=")
        try:
            self.width = int(_fields(head)["max_feature_idx"]) + 1
            trees = [_tree(_fields(part)) for part in parts]
        except (KeyError, ValueError) as exc:
            raise ArtifactMismatch(f"trees in LightGBM's text form were needed; got: {exc!r}: train again") from exc
        self.trees = trees
        self.tree_count = len(trees)
        small = all(len(tree.values) <= LEAVES_MAX_FALSIFIED for tree in trees)
        self._splits = to_splits(trees, self.width) if small else None
        self._nodes = None if small else to_nodes(trees)

    def margins(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum the leaves of all trees for n rows of shape [n, width]; each row by itself, trees in order."""
        rows, sums = self._checked(inputs), np.zeros(len(inputs))
        if self._splits is not None:
            falsify(rows, *self._splits, sums)
        elif self._nodes is not None:
            walk(rows, *self._nodes, sums)
        return sums

    def contributions(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Split each margin exactly among the inputs (TreeSHAP): [n, width + 1], the last column is the base value.

        Raises ArtifactMismatch for trees whose text does not say how many rows they were grown on.
        """
        rows, (ways, mean) = self._checked(inputs), self._ways
        found = np.zeros((len(inputs), self.width))
        shapley(rows, *ways, found)
        return np.column_stack([found, np.full(len(inputs), mean)])

    def _checked(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows as compiled code takes them, which would read beyond rows of another width."""
        if inputs.ndim != 2 or inputs.shape[1] != self.width:
            raise ArtifactMismatch(f"rows of {self.width} inputs were needed; got shape {inputs.shape}: train again")
        return np.ascontiguousarray(inputs, np.float64)

    @cached_property
    def _ways(self) -> tuple[Ways, float]:
        """Worked out when first asked for: only the worker that has the budget explains alerts."""
        if any(len(tree.leaf_rows) != len(tree.values) for tree in self.trees if len(tree.inputs)):
            raise ArtifactMismatch("trees that say how many rows came to each leaf were needed: train again")
        return to_ways(self.trees)


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}


def _tree(fields: dict[str, str]) -> Tree:
    values = np.array(fields["leaf_value"].split(), np.float64)
    if len(values) != int(fields["num_leaves"]):
        raise ValueError("another number of leaves than said")
    if len(values) == 1:
        none = np.empty(0, np.int64)
        return Tree(none, np.empty(0), none, none, none, values, none, none)
    thresholds = np.array(fields["threshold"].split(), np.float64)
    whole = {
        name: np.array(fields[name].split(), np.int64)
        for name in ("split_feature", "left_child", "right_child", "decision_type")
    }
    nan_right = _where_nan_goes(whole["decision_type"], thresholds)
    rows = (np.array(fields.get(name, "").split(), np.int64) for name in ("internal_count", "leaf_count"))
    return Tree(whole["split_feature"], thresholds, whole["left_child"], whole["right_child"], nan_right, values, *rows)


def _where_nan_goes(decisions: NDArray[np.int64], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return 1 for right: by the default side, or as 0 would go if the input was never missing in training."""
    missing = decisions >> _MISSING_SHIFT
    if (decisions & _CATEGORICAL).any() or not np.isin(missing, (_MISSING_NONE, _MISSING_NAN)).all():
        raise ValueError("a split that is not numeric")
    default = np.where(decisions & _DEFAULT_LEFT, 0, 1)
    as_zero = np.where(thresholds >= 0.0, 0, 1)
    return np.where(missing == _MISSING_NAN, default, as_zero)
