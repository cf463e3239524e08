"""Conditions of a rule and how they are compiled: one form for a single row, one for a whole batch.

A comparison sets a feature against a number, or against a multiple of another feature. A block joins comparisons and
further blocks by `all`, `any` and `none`. A missing feature is NaN, and every comparison with NaN is false, so a
condition on something unknown never holds; only `none` can be true because of what is not known.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from features.vector import feature_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

Row = Sequence[float]
RowTest = Callable[[Row], bool]
ColumnTest = Callable[["NDArray[np.float64]"], "NDArray[np.bool_]"]


def _differs(left: Any, right: Any) -> Any:
    """Tell whether two known values differ; `!=` itself would be true for NaN."""
    return (left < right) | (left > right)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": _differs,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`feature op value`, or `feature op value * of` where `of` names another feature."""

    feature: str
    op: str
    value: float
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Holds when every part of `all_of`, at least one of `any_of` (if there are any) and no part of `none_of` holds."""

    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    none_of: tuple[Condition, ...] = ()


Condition = Comparison | Block


def compile_row(condition: Condition) -> RowTest:
    """Compile a condition into a function of one row of F floats in registry order.

    >>> from features.vector import FEATURE_NAMES
    >>> large = compile_row(Comparison("amount_rupees", ">=", 5000.0))
    >>> row = [float("nan")] * len(FEATURE_NAMES)
    >>> large(row)
    False
    >>> row[feature_index("amount_rupees")] = 5000.0
    >>> large(row)
    True
    """
    if isinstance(condition, Comparison):
        return _compare_row(condition)
    every = [compile_row(part) for part in condition.all_of]
    if condition.any_of:
        every.append(_any_row(tuple(compile_row(part) for part in condition.any_of)))
    if condition.none_of:
        some = _any_row(tuple(compile_row(part) for part in condition.none_of))
        every.append(lambda row: not some(row))
    return _all_row(tuple(every))


def _compare_row(condition: Comparison) -> RowTest:
    """Compile one comparison; the commonest operator has a closure of its own because this is the hot path."""
    index, value = feature_index(condition.feature), condition.value
    compare = OPERATORS[condition.op]
    if condition.of is not None:
        other = feature_index(condition.of)
        return lambda row: compare(row[index], value * row[other])
    if condition.op == ">=":
        return lambda row: row[index] >= value
    return lambda row: compare(row[index], value)


def _all_row(tests: tuple[RowTest, ...]) -> RowTest:
    """Join tests by `and`; short chains are written out, which saves a loop per rule and payment."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda row: first(row) and second(row)
    if len(tests) == 3:
        one, two, three = tests
        return lambda row: one(row) and two(row) and three(row)
    return lambda row: all(test(row) for test in tests)


def _any_row(tests: tuple[RowTest, ...]) -> RowTest:
    """Join tests by `or`."""
    if len(tests) == 1:
        return tests[0]
    return lambda row: any(test(row) for test in tests)


def compile_columns(condition: Condition) -> ColumnTest:
    """Compile a condition into a function of F columns of n values each, giving n booleans.

    >>> import numpy as np
    >>> from features.vector import FEATURE_NAMES
    >>> columns = np.full((len(FEATURE_NAMES), 3), np.nan)
    >>> columns[feature_index("amount_rupees")] = [4999.0, 5000.0, np.nan]
    >>> compile_columns(Comparison("amount_rupees", ">=", 5000.0))(columns).tolist()
    [False, True, False]
    """
    if isinstance(condition, Comparison):
        return _compare_columns(condition)
    every = [compile_columns(part) for part in condition.all_of]
    some = [compile_columns(part) for part in condition.any_of]
    none = [compile_columns(part) for part in condition.none_of]

    def holds(columns: NDArray[np.float64]) -> NDArray[np.bool_]:
        result = np.ones(columns.shape[1], dtype=np.bool_)
        for test in every:
            result &= test(columns)
        if some:
            result &= np.logical_or.reduce([test(columns) for test in some])
        for test in none:
            result &= ~test(columns)
        return result

    return holds


def _compare_columns(condition: Comparison) -> ColumnTest:
    """Compile one comparison over columns; the arithmetic is that of `_compare_row`, so both agree to the bit."""
    index, value, compare = feature_index(condition.feature), condition.value, OPERATORS[condition.op]
    if condition.of is not None:
        other = feature_index(condition.of)
        return lambda columns: compare(columns[index], value * columns[other])
    return lambda columns: compare(columns[index], value)
