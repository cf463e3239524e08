"""Exact Shapley values of a tree ensemble (TreeSHAP): how much each input moved one row's sum of leaves.

A leaf speaks for the inputs on its way only, each with a range of values that leads on and with the share of training
rows that went on there. An input that is not known goes on with that share, so the leaf's value is a product over its
inputs, and the mean over all orders of what an input adds is a sum over how many others are known before it (Lundberg,
Erion and Lee, 2018, section 3). The weight of j among the n - 1 others is the integral of t^j (1 - t)^(n-1-j) over 0
to 1 (Euler's beta function), so the whole mean is one too: of value (lead - share) times the product, over the others,
of share (1 - t) + lead t, where `lead` is 1 for an input that leads on and 0 for others. That is a polynomial of degree
n - 1 in t, which Gauss and Legendre's rule integrates exactly from n / 2 of its values.

LightGBM goes node by node and divides by each input of each leaf; here leaves stand side by side, those with most
inputs first, so that a processor works on several at once. Tests hold both equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled, compiled_making_arrays
from models.quadrature import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.trees import Tree


#: Leaves worked on together: what is known of them meanwhile fits the first-level cache.
_LEAVES = 256
#: What no row of training reached is divided by too.
_SHARE_MIN = 1e-150


class Ways(NamedTuple):
    """All leaves, those with most inputs on their way first, and the inputs one behind the other.

    `lengths[i]` is how many inputs leaf i has. The k-th inputs of all leaves that have so many stand side by side, leaf
    by leaf, from `begins[k]` on. Of an input: the range that leads on, from `above` (left out; NaN: no bound) to
    `up_to`, whether NaN does, and the share of rows that went on. `points[m]` and `weights[m]`: where to look, and what
    it weighs, for an integral over 0 to 1 from m values.
    """

    values: NDArray[np.float64]
    lengths: NDArray[np.int64]
    begins: NDArray[np.int64]
    inputs: NDArray[np.int64]
    above: NDArray[np.float64]
    up_to: NDArray[np.float64]
    nan_leads: NDArray[np.bool_]
    shares: NDArray[np.float64]
    points: NDArray[np.float64]
    weights: NDArray[np.float64]


class _Input(NamedTuple):
    above: float = np.nan
    up_to: float = np.inf
    nan_leads: bool = True
    share: float = 1.0


def to_ways(trees: Sequence[Tree]) -> tuple[Ways, float]:
    """Return the ways to all leaves, and the mean of the sum over the rows that the trees were grown on."""
    values: list[float] = []
    ways: list[dict[int, _Input]] = []
    mean = 0.0
    for tree in trees:
        for leaf, way in _ways(tree):
            values.append(float(tree.values[leaf]))
            ways.append(way)
            share = 1.0
            for one in way.values():
                share *= one.share
            mean += values[-1] * share
    order = sorted(range(len(ways)), key=lambda leaf: -len(ways[leaf]))
    longest = len(ways[order[0]]) if order else 0
    side_by_side = [[list(ways[leaf].items())[at] for leaf in order if len(ways[leaf]) > at] for at in range(longest)]
    flat = [one for some in side_by_side for one in some]
    found = Ways(
        np.array(values)[order],
        np.array([len(ways[leaf]) for leaf in order], np.int64),
        np.cumsum([0, *map(len, side_by_side)]).astype(np.int64),
        np.array([number for number, _ in flat], np.int64),
        np.array([one.above for _, one in flat]),
        np.array([one.up_to for _, one in flat]),
        np.array([one.nan_leads for _, one in flat], np.bool_),
        np.maximum([one.share for _, one in flat], _SHARE_MIN),
        *rules((longest + 1) // 2),
    )
    return found, mean


def _ways(tree: Tree) -> Iterator[tuple[int, dict[int, _Input]]]:
    """Yield each leaf of a tree with the inputs on its way."""
    if not len(tree.inputs):
        yield 0, {}
        return
    open_ends: list[tuple[int, dict[int, _Input]]] = [(0, {})]
    while open_ends:
        node, way = open_ends.pop()
        if node < 0:
            yield -node - 1, way
            continue
        number, threshold, nan_right = int(tree.inputs[node]), float(tree.thresholds[node]), bool(tree.nan_right[node])
        known = way.get(number, _Input())
        for child, is_right in ((int(tree.left[node]), False), (int(tree.right[node]), True)):
            one = _Input(
                float(np.fmax(known.above, threshold)) if is_right else known.above,
                known.up_to if is_right else min(known.up_to, threshold),
                known.nan_leads and nan_right == is_right,
                known.share * _rows(tree, child) / _rows(tree, node),
            )
            open_ends.append((child, {**way, number: one}))


def _rows(tree: Tree, node: int) -> int:
    return int(tree.leaf_rows[-node - 1] if node < 0 else tree.node_rows[node])


@compiled_making_arrays
def shapley(
    rows: NDArray[np.float64],
    values: NDArray[np.float64],
    lengths: NDArray[np.int64],
    begins: NDArray[np.int64],
    inputs: NDArray[np.int64],
    above: NDArray[np.float64],
    up_to: NDArray[np.float64],
    nan_leads: NDArray[np.bool_],
    shares: NDArray[np.float64],
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Add to `found` [n, inputs], which is zero, what each input moved; the arguments between are those of `Ways`."""
    moves, products = np.empty((len(begins), _LEAVES)), np.empty((points.shape[1], _LEAVES))
    total = np.empty(_LEAVES)
    for row, moved in zip(rows, found):  # noqa: B905 - compiled code knows no `strict`
        for first in range(0, len(values), _LEAVES):
            longest, leaves = lengths[first], min(_LEAVES, len(values) - first)
            rule = (longest + 1) // 2
            for point in range(rule):
                products[point, :leaves] = values[first : first + leaves] * weights[rule, point]
            for at in range(longest):
                begin, end = begins[at] + first, min(begins[at] + first + leaves, begins[at + 1])
                some = slice(begin, end)
                _leads(row, inputs[some], above[some], up_to[some], nan_leads[some], shares[some], moves[at])
                for point in range(rule):
                    _multiply(products[point], shares[some], moves[at], points[rule, point])
            for at in range(longest):
                begin, end = begins[at] + first, min(begins[at] + first + leaves, begins[at + 1])
                total[: end - begin] = 0.0
                for point in range(rule):
                    _add_without(total, products[point], shares[begin:end], moves[at], points[rule, point])
                for leaf in range(end - begin):
                    moved[inputs[begin + leaf]] += moves[at, leaf] * total[leaf]


@compiled
def _leads(
    row: NDArray[np.float64],
    inputs: NDArray[np.int64],
    above: NDArray[np.float64],
    up_to: NDArray[np.float64],
    nan_leads: NDArray[np.bool_],
    shares: NDArray[np.float64],
    moves: NDArray[np.float64],
) -> None:
    """Write for one input of each leaf what knowing it changes: 1 less its share where it leads on, else the share."""
    for leaf in range(len(inputs)):
        value = row[inputs[leaf]]
        within = (value <= up_to[leaf]) & (not value <= above[leaf])
        moves[leaf] = (within | (nan_leads[leaf] & np.isnan(value))) - shares[leaf]


@compiled
def _multiply(
    products: NDArray[np.float64], shares: NDArray[np.float64], moves: NDArray[np.float64], point: float
) -> None:
    """Take one more input of each leaf into its product at a point."""
    for leaf in range(len(shares)):
        products[leaf] *= shares[leaf] + moves[leaf] * point


@compiled
def _add_without(
    total: NDArray[np.float64],
    products: NDArray[np.float64],
    shares: NDArray[np.float64],
    moves: NDArray[np.float64],
    point: float,
) -> None:
    """Add to each leaf's total its product at a point, but for this input."""
    for leaf in range(len(shares)):
        total[leaf] += products[leaf] / (shares[leaf] + moves[leaf] * point)
