"""Conditions as one program that compiled code runs over a batch: comparisons, and where each of its answers leads.

A block needs no instruction of its own: `all`, `any` and `none` only say which comparison is asked next. What a rule
set holds is data, so new rules are in force without anything being compiled.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled
from features.errors import RulesError
from features.vector import FEATURE_COUNT, feature_index
from rules.conditions import OPERATORS, Comparison

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from rules.conditions import Block, Condition

#: Where a program ends: the condition holds, or it does not.
_HOLDS, _FAILS = -1, -2
_NO_OTHER = -1
_GREATER_EQUAL, _GREATER, _LESS_EQUAL, _LESS, _EQUAL, _DIFFERS = map(
    list(OPERATORS).index, (">=", ">", "<=", "<", "==", "!=")
)
_INTEGERS = 5
_FEATURE, _OPERATOR, _OTHER, _IF_TRUE, _IF_FALSE = range(_INTEGERS)


class Program(NamedTuple):
    """The comparisons of n conditions, `steps` [m, 5] and `values` [m], and with which of them each begins."""

    begins: NDArray[np.int64]
    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, conditions: Iterable[Block]) -> Program:
        """Return the program of conditions."""
        written = _Written()
        begins = [written.add(condition, _HOLDS, _FAILS) for condition in conditions]
        steps = np.array(written.steps, np.int64).reshape(-1, _INTEGERS)
        return cls(np.array(begins, np.int64), steps, np.array(written.values, np.float64))

    def hits(self, rows: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell of k rows of shape [k, F], in registry order, which conditions hold: [k, n]; RulesError for others.

        >>> from features.vector import FEATURE_NAMES
        >>> from rules.conditions import Block
        >>> rows = np.full((2, len(FEATURE_NAMES)), np.nan)
        >>> rows[0, feature_index("amount_rupees")] = 5000.0
        >>> Program.of([Block((Comparison("amount_rupees", ">=", 5000.0),))]).hits(rows).tolist()
        [[True], [False]]
        """
        if rows.ndim != 2 or rows.shape[1] != FEATURE_COUNT:
            raise RulesError(f"rows of {FEATURE_COUNT} features were needed; got shape {rows.shape}: read them anew")
        found = np.empty((len(rows), len(self.begins)), np.bool_)
        _run(np.ascontiguousarray(rows, np.float64), *self, found)
        return found

    def names(self, rows: NDArray[np.float64], ids: tuple[str, ...]) -> tuple[NDArray[np.bool_], list[tuple[str, ...]]]:
        """Return `hits`, and row by row the names, given in `ids`, of the conditions that hold."""
        hits = self.hits(rows)
        names: list[tuple[str, ...]] = [()] * len(rows)
        for at in np.flatnonzero(hits.any(axis=1)).tolist():
            names[at] = _chosen(ids, hits[at].tobytes())
        return hits, names


@lru_cache(maxsize=4096)
def _chosen(names: tuple[str, ...], hits: bytes) -> tuple[str, ...]:
    """Return the names of what hit, remembered: the same few rules hit together."""
    return tuple(compress(names, hits))


class _Written:
    """A program while it is written, from its ends to its beginnings."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, ...]] = []
        self.values: list[float] = []

    def add(self, condition: Condition, if_true: int, if_false: int) -> int:
        """Write a condition that leads on to these places; return where it begins."""
        if isinstance(condition, Comparison):
            other = _NO_OTHER if condition.of is None else feature_index(condition.of)
            operator = list(OPERATORS).index(condition.op)
            self.steps.append((feature_index(condition.feature), operator, other, if_true, if_false))
            self.values.append(condition.value)
            return len(self.steps) - 1
        begin = if_true
        for part in reversed(condition.none_of):
            begin = self.add(part, if_false, begin)
        if condition.any_of:
            following, begin = begin, if_false
            for part in reversed(condition.any_of):
                begin = self.add(part, following, begin)
        for part in reversed(condition.all_of):
            begin = self.add(part, begin, if_false)
        return begin


@compiled
def _run(
    rows: NDArray[np.float64],
    begins: NDArray[np.int64],
    steps: NDArray[np.int64],
    values: NDArray[np.float64],
    found: NDArray[np.bool_],
) -> None:
    """Put down of each row which conditions hold."""
    for row in range(len(rows)):
        for condition in range(len(begins)):
            at = begins[condition]
            while at >= 0:
                value = values[at]
                if steps[at, _OTHER] >= 0:
                    value *= rows[row, steps[at, _OTHER]]
                holds = _compare(rows[row, steps[at, _FEATURE]], steps[at, _OPERATOR], value)
                at = steps[at, _IF_TRUE] if holds else steps[at, _IF_FALSE]
            found[row, condition] = at == _HOLDS


@compiled
def _compare(left: float, operator: int, right: float) -> bool:
    """Compare; nothing holds of NaN."""
    if operator == _GREATER_EQUAL:
        return left >= right
    if operator == _GREATER:
        return left > right
    if operator == _LESS_EQUAL:
        return left <= right
    if operator == _LESS:
        return left < right
    if operator == _EQUAL:
        return left == right
    return left < right or left > right
