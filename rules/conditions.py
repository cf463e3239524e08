"""Conditions of a rule, and how they are compiled for a single row; for a batch see `rules.program`.

A comparison sets a feature against a number, or against a multiple of another feature. A block joins comparisons and
further blocks by `all`, `any` and `none`. A missing feature is NaN, and every comparison with NaN is false, so a
condition on something unknown never holds; only `none` can be true because of what is not known.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from features.vector import feature_index

Row = Sequence[float]
RowTest = Callable[[Row], bool]


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
