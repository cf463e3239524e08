"""Exact Shapley values of a tree ensemble (TreeSHAP): how much each input moved one row's sum of leaves.

A leaf speaks for the inputs on its way only, each with a range of values that leads on and with the share of training
rows that went on there. An input that is not known goes on with that share, so the leaf's value is a product over its
inputs, and the mean over all orders of what an input adds is a sum over how many others are known before it (Lundberg,
Erion and Lee, 2018, section 3; Yang, 2021, for the form as a polynomial: the coefficient of x^j of the product of
(share + x) over the inputs that lead on, of those that do not the share alone).

LightGBM does the same node by node, with a division per input and leaf; here all that does not depend on the row is
worked out once, and inputs that do not lead to a leaf share one sum. Tests hold both equal.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.trees import Tree


class Ways(NamedTuple):
    """All leaves, and of leaf i the inputs on its way, `starts[i]` to `starts[i + 1]`.

    Of an input: the range that leads on, from `above` (left out; NaN: no bound) to `up_to`, whether NaN does, and the
    share of rows that went on.
    """

    values: NDArray[np.float64]
    starts: NDArray[np.int64]
    inputs: NDArray[np.int64]
    above: NDArray[np.float64]
    up_to: NDArray[np.float64]
    nan_leads: NDArray[np.bool_]
    shares: NDArray[np.float64]
    weights: NDArray[np.float64]
    """[n, j]: the share of all orders of n inputs in which j certain others come before a given one."""


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
    flat = [one for way in ways for one in way.values()]
    longest = max(map(len, ways), default=0)
    weights = np.zeros((longest + 1, longest + 1))
    for count in range(1, longest + 1):
        weights[count, :count] = [1 / (count * comb(count - 1, before)) for before in range(count)]
    found = Ways(
        np.array(values),
        np.cumsum([0, *map(len, ways)]).astype(np.int64),
        np.array([number for way in ways for number in way], np.int64),
        np.array([one.above for one in flat]),
        np.array([one.up_to for one in flat]),
        np.array([one.nan_leads for one in flat], np.bool_),
        np.array([one.share for one in flat]),
        weights,
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


@compiled
def shapley(
    rows: NDArray[np.float64],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    inputs: NDArray[np.int64],
    above: NDArray[np.float64],
    up_to: NDArray[np.float64],
    nan_leads: NDArray[np.bool_],
    shares: NDArray[np.float64],
    weights: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Add to `found` [n, inputs], which is zero, what each input moved; the arguments between are those of `Ways`."""
    polynomial, leading = np.empty(len(weights) + 1), np.empty(len(weights) + 1, np.int64)
    for row in range(len(rows)):
        for leaf in range(len(values)):
            start, end = starts[leaf], starts[leaf + 1]
            scale, degree = values[leaf], 0
            polynomial[0] = 1.0
            for at in range(start, end):
                value = rows[row, inputs[at]]
                if nan_leads[at] if np.isnan(value) else value <= up_to[at] and not value <= above[at]:
                    _multiply(polynomial, degree, shares[at])
                    leading[degree] = at
                    degree += 1
                else:
                    scale *= shares[at]
            _add(found[row], start, end, inputs, shares, weights[end - start], polynomial, leading[:degree], scale)


@compiled
def _multiply(polynomial: NDArray[np.float64], degree: int, share: float) -> None:
    """Multiply a polynomial by (share + x)."""
    polynomial[degree + 1] = polynomial[degree]
    for power in range(degree, 0, -1):
        polynomial[power] = polynomial[power - 1] + share * polynomial[power]
    polynomial[0] *= share


@compiled
def _add(
    found: NDArray[np.float64],
    start: int,
    end: int,
    inputs: NDArray[np.int64],
    shares: NDArray[np.float64],
    weights: NDArray[np.float64],
    polynomial: NDArray[np.float64],
    leading: NDArray[np.int64],
    scale: float,
) -> None:
    """Add what the inputs of one leaf moved: those that lead there towards its value, the others away from it."""
    degree, following = len(leading), 0
    if degree < end - start:
        total = 0.0
        for power in range(degree + 1):
            total += polynomial[power] * weights[power]
        for at in range(start, end):
            if following < degree and leading[following] == at:
                following += 1
            else:
                found[inputs[at]] -= scale * total
    for one in leading:
        total = quotient = 0.0
        for power in range(degree - 1, -1, -1):  # divided by (share + x), from the highest power down
            quotient = polynomial[power + 1] - shares[one] * quotient
            total += quotient * weights[power]
        found[inputs[one]] += scale * (1.0 - shares[one]) * total
