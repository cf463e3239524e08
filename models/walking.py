"""Large trees walked: all rows of a block go down one tree together, level by level, without branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled_making_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.trees import Tree

BLOCK_ROWS = 64


class Nodes(NamedTuple):
    """All trees' nodes in flat arrays, a leaf being a node that leads to itself; two children per node."""

    inputs: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    children: NDArray[np.int32]
    nan_right: NDArray[np.int8]
    values: NDArray[np.float64]
    starts: NDArray[np.int64]
    depths: NDArray[np.int64]


def to_nodes(trees: Sequence[Tree]) -> Nodes:
    """Return the nodes of trees of any size."""
    parts = [_flat(tree) for tree in trees]
    starts = np.cumsum([0, *(len(part[0]) for part in parts[:-1])]).astype(np.int64)
    children = [part[2] + start for part, start in zip(parts, starts.tolist(), strict=True)]
    return Nodes(
        np.concatenate([part[0] for part in parts]).astype(np.int32),
        np.concatenate([part[1] for part in parts]),
        np.concatenate(children).astype(np.int32),
        np.concatenate([part[3] for part in parts]).astype(np.int8),
        np.concatenate([part[4] for part in parts]),
        starts,
        np.array([_depth(part[2], len(tree.inputs)) for part, tree in zip(parts, trees, strict=True)], np.int64),
    )


def _flat(tree: Tree) -> tuple[NDArray[np.int64], ...]:
    """Return inputs, thresholds, children, where NaN goes and values, inner nodes first and then the leaves."""
    inner, leaves = len(tree.inputs), len(tree.values)
    children = np.repeat(np.arange(inner + leaves), 2)
    for side, child in enumerate((tree.left, tree.right)):
        children[side : 2 * inner : 2] = np.where(child < 0, inner - 1 - child, child)
    none = np.zeros(leaves, np.int64)
    inputs, nan_right = np.concatenate([tree.inputs, none]), np.concatenate([tree.nan_right, none])
    thresholds, values = np.concatenate([tree.thresholds, none]), np.concatenate([np.zeros(inner), tree.values])
    return inputs, thresholds, children, nan_right, values


def _depth(children: NDArray[np.int64], inner: int) -> int:
    """Return how many levels lead from the root to the deepest leaf."""
    depth, level = 0, {0} if inner else set[int]()
    while level:
        depth += 1
        level = {int(child) for node in level for child in children[2 * node : 2 * node + 2] if child < inner}
    return depth


@compiled_making_arrays
def walk(
    rows: NDArray[np.float64],
    inputs: NDArray[np.int32],
    thresholds: NDArray[np.float64],
    children: NDArray[np.int32],
    nan_right: NDArray[np.int8],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    depths: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Add to each row's sum the leaf of every tree, in their order; the arguments between are those of `Nodes`."""
    at = np.empty(BLOCK_ROWS, np.int32)
    for first in range(0, len(rows), BLOCK_ROWS):
        count = min(BLOCK_ROWS, len(rows) - first)
        block = rows[first : first + count]
        for tree in range(len(starts)):
            at[:count] = starts[tree]
            for _ in range(depths[tree]):
                for row in range(count):
                    node = at[row]
                    value = block[row, inputs[node]]
                    goes = np.int8(value > thresholds[node])
                    if np.isnan(value):
                        goes = nan_right[node]
                    at[row] = children[2 * node + goes]
            for row in range(count):
                sums[first + row] += values[at[row]]
