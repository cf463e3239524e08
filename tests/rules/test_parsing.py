"""Rules files: what is accepted, and that everything else is refused with its line."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import RulesError
from rules import DEFAULT_RULES, load_rules, parse_rules

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
rules:
  - id: FIRST
    title: A title
    why: A reason
    weight: 30
    state: active
    when:
      all:
        - {feature: amount_rupees, op: ">=", value: 10}
        - {feature: payer_amount_sum_5m, op: ">", times: 0.5, of: payer_amount_sum_30d}
    text: "{amount_rupees:rupees} paid"
"""
COMPARISON = '{feature: amount_rupees, op: ">=", value: 10}'


def test_a_good_file_is_read_as_it_stands() -> None:
    """The version is the digest of the text, so that it changes with any edit."""
    rules = parse_rules(GOOD)
    assert [(rule.id, rule.weight, rule.active) for rule in rules.rules] == [("FIRST", 30, True)]
    assert rules.version == hashlib.sha256(GOOD.encode()).hexdigest()[:12]
    assert rules.text == GOOD
    assert parse_rules(GOOD + "\n").version != rules.version


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("    weight: 30", "    weight: 30\n    colour: red", 6, "unknown key 'colour'"),
        ("    title: A title\n", "", 2, "needs the key 'title'"),
        ("A title", "''", 3, "title must be a text"),
        ("A reason", "[1]", 4, "why must be a text"),
        ("id: FIRST", "id: first", 2, "id must be"),
        ("id: FIRST", "id: 7", 2, "id must be"),
        ("weight: 30", "weight: 101", 5, "weight must be a whole number from 0 to 100"),
        ("weight: 30", "weight: 2.5", 5, "weight must be a whole number"),
        ("weight: 30", "weight: true", 5, "weight must be a finite number"),
        ("weight: 30", "weight: .inf", 5, "weight must be a finite number"),
        ("weight: 30", "weight: '30'", 5, "weight must be a finite number"),
        ("state: active", "state: on", 6, "state must be active or shadow"),
        ("state: active", "state: [active]", 6, "state must be active or shadow"),
        ("feature: amount_rupees", "feature: amount_dollars", 9, "no feature is named 'amount_dollars'"),
        ("feature: amount_rupees", "feature: [amount_rupees]", 9, "no feature is named"),
        ("of: payer_amount_sum_30d", "of: payer_sum", 10, "no feature is named 'payer_sum'"),
        ('op: ">="', 'op: "=>"', 9, "op must be one of"),
        ('op: ">="', "op: {}", 9, "op must be one of"),
        ("value: 10", "value: ten", 9, "value must be a finite number"),
        ("value: 10", f"value: 1{'0' * 400}", 9, "value must be a finite number"),
        ("value: 10", "value: 10, times: 2", 9, "unknown key 'times'"),
        ("times: 0.5, ", "", 10, "a comparison needs the key 'times'"),
        ("      all:", "      every:", 8, "unknown key 'every'"),
        (COMPARISON, "{all: []}", 9, "all must be a list of at least one condition"),
        (COMPARISON, "{any: 3}", 9, "any must be a list of at least one condition"),
        (COMPARISON, "soon", 9, "a comparison must be a mapping"),
        (COMPARISON, "{all: [{all: [{all: [{all: [" + COMPARISON + "]}]}]}]}", 9, "at most 4 deep"),
        (COMPARISON, "{any: [" + ", ".join([COMPARISON] * 33) + "]}", 9, "at most 32 comparisons"),
        ("{amount_rupees:rupees}", "{amount_rupees}", 11, "needs a form"),
        ("{amount_rupees:rupees}", "{amount_rupees:.2f}", 11, "needs a form"),
        ("{amount_rupees:rupees}", "{amount_rupees.real:rupees}", 11, "no feature is named"),
        ("{amount_rupees:rupees}", "{amount_rupees!r:rupees}", 11, "needs a form"),
        ("{amount_rupees:rupees}", "{amount_rupees:rupees", 11, "text: "),
        ("{amount_rupees:rupees}", "[{amount_rupees:rupees}", 11, "every [ needs its ]"),
        ("    weight: 30", "    weight: 30\n    weight: 31", 6, "duplicate key"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(old: str, new: str, line: int, message: str) -> None:
    """The operator finds the place without counting."""
    assert old in GOOD
    with pytest.raises(RulesError) as caught:
        parse_rules(GOOD.replace(old, new))
    assert f"line {line}:" in str(caught.value)
    assert message in str(caught.value)


def test_the_same_id_twice_names_both_lines() -> None:
    """Two rules of one id could not be told apart in a decision."""
    with pytest.raises(RulesError, match="line 12: id FIRST stands already on line 2"):
        parse_rules(GOOD + GOOD.removeprefix("rules:\n"))


def test_all_wrong_rules_are_told_at_once() -> None:
    """One round of editing is enough."""
    text = (GOOD + GOOD.removeprefix("rules:\n")).replace("weight: 30", "weight: -1")
    with pytest.raises(RulesError) as caught:
        parse_rules(text, name="mine.yaml")
    assert str(caught.value).count("weight must be") == 2
    assert "mine.yaml line 5:" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rules",
        "rules: 3",
        "rules: {}",
        "other: []",
        "rules: []\nmore: 1",
        "rules: [",
        "[" * 5_000,
        "rules: [&a [*a]]",
        "rules: [!!python/object/apply:os.system ['true']]",
        "a: 1\n---\nb: 2",
        "rules: [2026-13-45]",
        "rules: []" + " " * 300_000,
        "rules: [" + "1, " * 201 + "]",
        "rules:\n  - &r {id: AAA, when: {all: [*r]}}",
        "\x00",
        "rules:\n  - ? [{a: 1}]\n    : b",
    ],
)
def test_what_is_no_rules_file_is_refused_with_one_kind_of_error(text: str) -> None:
    """Rules arrive from operators and over Kafka: nothing but RulesError may come out."""
    with pytest.raises(RulesError):
        parse_rules(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.text(max_size=8), st.integers(0, 12))
def test_damage_anywhere_gives_rules_or_a_rules_error(start: int, piece: str, length: int) -> None:
    """Cutting and inserting at random never raises anything else."""
    with contextlib.suppress(RulesError):
        parse_rules(GOOD[:start] + piece + GOOD[start + length :])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A wrong path and a wrong encoding are the operator's to mend."""
    with pytest.raises(RulesError, match=r"absent\.yaml"):
        load_rules(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"rules: [] # \xe9")
    with pytest.raises(RulesError, match=r"latin\.yaml"):
        load_rules(tmp_path / "latin.yaml")


def test_the_default_file_holds_the_five_base_rules() -> None:
    """All of them are active, and no single one is a verdict by itself."""
    rules = load_rules(DEFAULT_RULES)
    assert [rule.id for rule in rules.rules if rule.active][:5] == [
        "PAYER_VELOCITY",
        "AMOUNT_BURST",
        "NEW_BENEFICIARY",
        "LATE_NIGHT",
        "MULE_FAN_IN",
    ]
    assert all(0 < rule.weight <= 40 for rule in rules.rules)
