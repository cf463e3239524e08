"""The JSON schema of rules files says what the parser says, and the one in the repository is the newest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from features.errors import RulesError
from rules import DEFAULT_RULES, TRIAL_RULES, parse_rules
from rules.schema import SCHEMA_FILE, rules_schema
from tests.agents.controls import RULES

if TYPE_CHECKING:
    from pathlib import Path


def valid(text: str) -> bool:
    """Tell what the schema says of a rules file."""
    checker = jsonschema.Draft202012Validator(rules_schema())
    return bool(checker.is_valid(YAML(typ="safe", pure=True).load(text)))


def parses(text: str) -> bool:
    """Tell what the parser says of it."""
    try:
        parse_rules(text)
    except RulesError:
        return False
    return True


def test_the_schema_in_the_repository_is_the_one_that_the_code_makes() -> None:
    """Make it anew: `prahari rules schema > rules/rules.schema.json`."""
    path = DEFAULT_RULES.with_name(SCHEMA_FILE)

    assert json.loads(path.read_text()) == rules_schema()


@pytest.mark.parametrize("path", [DEFAULT_RULES, TRIAL_RULES], ids=lambda path: path.stem)
def test_the_rules_that_ship_fit_the_schema(path: Path) -> None:
    """What ships is what the editor is told, and the editor finds it."""
    assert valid(path.read_text(encoding="utf-8"))
    assert path.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight: 40", "weight: 101"),
        ("weight: 40", "weight: 1.5"),
        ("weight: 40", "weight: heavy"),
        ("state: active", "state: asleep"),
        ("ANY_AMOUNT", "any"),
        ("ANY_AMOUNT", "LISTED_PAYEE"),
        ("amount_rupees, op", "amount_dollars, op"),
        ('op: ">"', 'op: "=>"'),
        ("value: 0", "value: none"),
        ("value: 0", "times: 2"),
        ("value: 0", "times: 2, of: hour_ist"),
        ("value: 0", "times: 2, of: hours"),
        ("all:", "every:"),
        ("title: Any payment at all", "name: Any payment at all"),
        ("why: A test wants a rule that always hits.", "why: ''"),
        ("weight: 40", "weight: 40"),
    ],
)
def test_schema_and_parser_agree(old: str, new: Any) -> None:
    """An editor marks what would be refused, and nothing else."""
    text = RULES.replace(old, new, 1)

    assert old in RULES
    assert valid(text) == parses(text)
