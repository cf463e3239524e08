"""What differs between two rule sets, rule by rule, for whoever is to put one in force."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

from rules.conditions import Block, Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.conditions import Condition
    from rules.ruleset import Rule, RuleSet


class Change(NamedTuple):
    """One difference: `kind` is added, removed or changed; `field` and the texts say what of a changed rule."""

    rule_id: str
    kind: str
    field: str
    before: str | None
    after: str | None


def compare(before: RuleSet, after: RuleSet) -> list[Change]:
    """Return what differs, in the order of the newer set, removed rules last; equal sets differ in nothing.

    >>> from rules import parse_rules
    >>> compare(parse_rules("rules: []"), parse_rules("rules: [] # as before"))
    []
    """
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    changes: list[Change] = []
    for rule in after.rules:
        if rule.id in old:
            changes += _changes(old[rule.id], rule)
        else:
            changes.append(Change(rule.id, "added", "", None, rule.title))
    changes += [Change(rule_id, "removed", "", rule.title, None) for rule_id, rule in old.items() if rule_id not in new]
    return changes


def _changes(before: Rule, after: Rule) -> Iterator[Change]:
    for name in (field.name for field in fields(before)):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            told = "state" if name == "active" else name
            yield Change(after.id, "changed", told, _words(name, was), _words(name, now))


def _words(name: str, value: object) -> str:
    if name == "active":
        return "active" if value else "shadow"
    return condition_text(value) if isinstance(value, Block) else str(value)


def condition_text(condition: Condition) -> str:
    """Write a condition as one readable line.

    >>> condition_text(Block(all_of=(Comparison("a", ">=", 4.0), Comparison("b", "<", 0.2, "c"))))
    'a >= 4 and b < 0.2 * c'
    >>> condition_text(Comparison("payer_seconds_since_last", ">=", 1814400.0))
    'payer_seconds_since_last >= 1814400'
    """
    if isinstance(condition, Comparison):
        multiple = "" if condition.of is None else f" * {condition.of}"
        return f"{condition.feature} {condition.op} {condition.value:.12g}{multiple}"
    parts = [
        condition_text(part) if isinstance(part, Comparison) else f"({condition_text(part)})"
        for part in condition.all_of
    ]
    if condition.any_of:
        either = " or ".join(condition_text(part) for part in condition.any_of)
        parts.append(f"({either})" if parts or condition.none_of else either)
    parts += [f"not ({condition_text(part)})" for part in condition.none_of]
    return " and ".join(parts)
