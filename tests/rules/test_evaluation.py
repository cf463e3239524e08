"""What rules answer: against a naive reading of the conditions, row by row and in a batch."""

from __future__ import annotations

import math
import operator
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import RulesError
from features.vector import FEATURE_COUNT, FEATURE_NAMES, feature_index
from rules import Rule, RuleSet
from rules.conditions import OPERATORS, Block, Comparison, Condition

NAMES = FEATURE_NAMES[:6]
VALUES = st.sampled_from([math.nan, -1.0, 0.0, 1.0, 2.0, 3.5])
_PYTHON_OPERATORS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}


def naive(condition: Condition, row: list[float]) -> bool:
    """Read a condition as its documentation says, without compiling anything."""
    if isinstance(condition, Block):
        some = not condition.any_of or any(naive(part, row) for part in condition.any_of)
        none = not any(naive(part, row) for part in condition.none_of)
        return all(naive(part, row) for part in condition.all_of) and some and none
    left = row[FEATURE_NAMES.index(condition.feature)]
    right = condition.value if condition.of is None else condition.value * row[FEATURE_NAMES.index(condition.of)]
    if math.isnan(left) or math.isnan(right):
        return False
    return left != right if condition.op == "!=" else _PYTHON_OPERATORS[condition.op](left, right)


comparisons = st.builds(
    Comparison, st.sampled_from(NAMES), st.sampled_from(list(OPERATORS)), VALUES.filter(math.isfinite), st.none()
) | st.builds(
    Comparison,
    st.sampled_from(NAMES),
    st.sampled_from(list(OPERATORS)),
    VALUES.filter(math.isfinite),
    st.sampled_from(NAMES),
)
parts = st.recursive(
    comparisons,
    lambda inner: st.builds(
        Block,
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=2).map(tuple),
        st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=8,
)
blocks = st.builds(Block, st.lists(parts, min_size=1, max_size=4).map(tuple))
rows = st.lists(VALUES, min_size=FEATURE_COUNT, max_size=FEATURE_COUNT)


def rule_set(conditions: list[Block], weights: list[int], *, active: bool = True) -> RuleSet:
    return RuleSet(
        [
            Rule(f"RULE_{i}", "t", "w", weight, active, when, "text")
            for i, (when, weight) in enumerate(zip(conditions, weights, strict=True))
        ],
        "text",
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(blocks, min_size=1, max_size=4), st.lists(rows, min_size=1, max_size=5), st.data())
def test_a_rule_hits_exactly_when_a_naive_reading_of_its_conditions_says_so(
    conditions: list[Block], table: list[list[float]], data: st.DataObject
) -> None:
    """One row at a time and the whole batch at once agree with the oracle, NaN included."""
    weights = data.draw(st.lists(st.integers(0, 100), min_size=len(conditions), max_size=len(conditions)))
    rules = rule_set(conditions, weights)
    scores, ids = rules.evaluate_batch(np.array(table))
    for position, row in enumerate(table):
        hits = [i for i, condition in enumerate(conditions) if naive(condition, row)]
        expected = min(100, sum(weights[i] for i in hits)), tuple(f"RULE_{i}" for i in hits)
        assert rules.evaluate(row) == expected
        assert (scores[position], ids[position]) == expected


def test_a_missing_feature_holds_no_comparison() -> None:
    """Not even `!=`, which Python itself finds true for NaN."""
    row = [math.nan] * FEATURE_COUNT
    for op in OPERATORS:
        assert rule_set([Block((Comparison("amount_rupees", op, 1.0),))], [10]).evaluate(row) == (0, ())


def test_a_shadow_rule_is_told_but_never_counted() -> None:
    """An operator tries a rule on live traffic before it weighs anything."""
    row = [5.0] * FEATURE_COUNT
    rules = rule_set([Block((Comparison("amount_rupees", ">=", 1.0),))], [90], active=False)
    assert rules.evaluate(row) == (0, ())
    assert rules.evaluate_batch(np.array([row]))[1] == [()]
    assert rules.shadow_hits(row) == ("RULE_0",)


def test_explaining_a_rule_of_another_version_is_an_error_not_a_guess() -> None:
    """The message names the version in force and its rules."""
    rules = rule_set([Block((Comparison("amount_rupees", ">=", 1.0),))], [90])
    with pytest.raises(RulesError, match=f"{rules.version}.*RULE_0"):
        rules.explain("GONE", [1.0] * FEATURE_COUNT)


def test_an_empty_batch_has_no_scores() -> None:
    """A chunk may hold nothing to score."""
    scores, ids = rule_set([Block((Comparison("amount_rupees", ">=", 1.0),))], [90]).evaluate_batch(
        np.empty((0, FEATURE_COUNT))
    )
    assert scores.shape == (0,)
    assert ids == []


def test_comparisons_read_the_feature_they_name() -> None:
    """Every feature is reachable, by its own place in the registry."""
    for name in FEATURE_NAMES:
        row = [0.0] * FEATURE_COUNT
        row[feature_index(name)] = 1.0
        assert rule_set([Block((Comparison(name, "==", 1.0),))], [7]).evaluate(row)[0] == 7


def test_evaluation_stays_cheap() -> None:
    """Five rules cost far less than 15 us per payment (the aim is 1.5, the rest is room for a busy machine)."""
    rules = rule_set([Block((Comparison("amount_rupees", ">=", 1.0),) * 3)] * 5, [1] * 5)
    row = [5.0] * FEATURE_COUNT
    started = time.process_time()
    for _ in range(2_000):
        rules.evaluate(row)
    assert (time.process_time() - started) / 2_000 < 15e-6
