"""Small trees by their false splits: per input the thresholds of all trees in rising order, and what each rules out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from features.compiled import compiled, compiled_making_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.trees import Tree

_ALL = (1 << 64) - 1
# A power of two times this number has in its upper six bits what tells which power it is.
_DE_BRUIJN = 0x03F79D71B4CB0A89
_PLACES = np.zeros(64, np.uint64)
for _place in range(64):
    _PLACES[(_DE_BRUIJN << _place & _ALL) >> 58] = _place


class Splits(NamedTuple):
    """Splits by input (`starts[i]` to `starts[i + 1]`), those that NaN makes false by input too, and the leaves.

    Of a split: its threshold, its tree, and the leaves that stay possible where it is false, a bit each from the left.
    Places are unsigned: compiled code would ask of any other whether it is below 0 and counts from the end.
    """

    starts: NDArray[np.uint64]
    thresholds: NDArray[np.float64]
    trees: NDArray[np.uint32]
    possible: NDArray[np.uint64]
    nan_starts: NDArray[np.uint64]
    nan_trees: NDArray[np.uint32]
    nan_possible: NDArray[np.uint64]
    leaf_starts: NDArray[np.uint64]
    values: NDArray[np.float64]


class _Split(NamedTuple):
    input: int
    threshold: float
    tree: int
    possible: int
    nan_right: bool


def to_splits(trees: Sequence[Tree], width: int) -> Splits:
    """Return the splits of trees of at most 64 leaves over `width` inputs."""
    splits: list[_Split] = []
    values: list[float] = []
    leaf_starts = [0]
    for number, tree in enumerate(trees):
        order: list[int] = []
        if len(tree.inputs):
            _number_leaves(tree, 0, number, order, splits)
        values += [float(tree.values[leaf]) for leaf in order or [0]]
        leaf_starts.append(len(values))
    splits.sort(key=lambda split: (split.input, split.threshold))
    false_if_nan = [split for split in splits if split.nan_right]
    return Splits(
        _starts(splits, width),
        np.array([split.threshold for split in splits]),
        np.array([split.tree for split in splits], np.uint32),
        np.array([split.possible for split in splits], np.uint64),
        _starts(false_if_nan, width),
        np.array([split.tree for split in false_if_nan], np.uint32),
        np.array([split.possible for split in false_if_nan], np.uint64),
        np.array(leaf_starts, np.uint64),
        np.array(values),
    )


def _number_leaves(tree: Tree, node: int, number: int, order: list[int], splits: list[_Split]) -> None:
    """Append the leaves below a node from the left, and the splits with what each leaves possible when false."""
    if node < 0:
        order.append(-node - 1)
        return
    first = len(order)
    _number_leaves(tree, int(tree.left[node]), number, order, splits)
    left = ((1 << len(order)) - 1) ^ ((1 << first) - 1)
    _number_leaves(tree, int(tree.right[node]), number, order, splits)
    threshold, nan_right = float(tree.thresholds[node]), bool(tree.nan_right[node])
    splits.append(_Split(int(tree.inputs[node]), threshold, number, _ALL ^ left, nan_right))


def _starts(splits: Sequence[_Split], width: int) -> NDArray[np.uint64]:
    return np.searchsorted([split.input for split in splits], np.arange(width + 1)).astype(np.uint64)


@compiled_making_arrays
def falsify(
    rows: NDArray[np.float64],
    starts: NDArray[np.uint64],
    thresholds: NDArray[np.float64],
    trees: NDArray[np.uint32],
    possible: NDArray[np.uint64],
    nan_starts: NDArray[np.uint64],
    nan_trees: NDArray[np.uint32],
    nan_possible: NDArray[np.uint64],
    leaf_starts: NDArray[np.uint64],
    values: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add to each row's sum the leaf of every tree, in their order; the arguments between are those of `Splits`."""
    count = len(leaf_starts) - 1
    left = np.empty(count, np.uint64)
    for row in range(len(rows)):
        left[:] = np.uint64(_ALL)
        for column in range(rows.shape[1]):
            value = rows[row, column]
            if np.isnan(value):
                for split in range(nan_starts[column], nan_starts[column + 1]):
                    left[nan_trees[split]] &= nan_possible[split]
                continue
            for split in range(starts[column], starts[column + 1]):
                if value <= thresholds[split]:
                    break
                left[trees[split]] &= possible[split]
        total = 0.0
        for tree in range(count):
            total += values[leaf_starts[tree] + _lowest_bit(left[tree])]
        sums[row] = total


@compiled
def _lowest_bit(bits: np.uint64) -> Any:
    """Return the place of the lowest set bit of a number that is not 0."""
    low = bits & (~bits + np.uint64(1))
    return _PLACES[(low * np.uint64(_DE_BRUIJN)) >> np.uint64(58)]
