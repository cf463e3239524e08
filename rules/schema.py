"""The JSON schema of a rules file, made from what the parser checks: completion and hints while a rule is written."""

from __future__ import annotations

from typing import Any

from features.vector import REGISTRY
from rules.conditions import OPERATORS
from rules.parse import LONGEST_TEXTS, MOST_RULES, RULE_ID, RULE_KEYS
from rules.ruleset import HIGHEST_SCORE

SCHEMA_FILE = "rules.schema.json"


def rules_schema() -> dict[str, Any]:
    """Return the schema, in JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Prahari rules",
        "type": "object",
        "required": ["rules"],
        "additionalProperties": False,
        "properties": {"rules": {"type": "array", "maxItems": MOST_RULES, "items": {"$ref": "#/$defs/rule"}}},
        "$defs": {
            "rule": _rule(),
            "block": _block(),
            "condition": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in ("value", "multiple", "block")]},
            "value": _comparison({"value": {"type": "number", "description": "A number to compare with."}}),
            "multiple": _comparison(
                {
                    "times": {"type": "number", "description": "Compare with this many times the feature `of`."},
                    "of": {"$ref": "#/$defs/feature"},
                }
            ),
            "feature": {
                "oneOf": [
                    {"const": feature.name, "description": f"{feature.meaning} ({feature.unit})"}
                    for feature in REGISTRY
                ]
            },
        },
    }


def _rule() -> dict[str, Any]:
    texts = {
        "title": "What it looks for, in a few words.",
        "why": "Why its thresholds are what they are, and whom they leave out.",
        "text": "What the analyst reads: {feature:form} is filled in; [brackets] go when it is unknown.",
    }
    limits = {
        name: {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXTS[name], "description": told}
        for name, told in texts.items()
    }
    weight = {"type": "integer", "minimum": 0, "maximum": HIGHEST_SCORE}
    return {
        "type": "object",
        "required": list(RULE_KEYS),
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "pattern": f"^{RULE_ID.pattern}$", "description": "Its name in decisions."},
            **limits,
            "weight": {**weight, "description": "Weights of the active rules that hit add up, to at most 100."},
            "state": {"enum": ["active", "shadow"], "description": "A shadow rule is told and weighs nothing."},
            "when": {"$ref": "#/$defs/block"},
        },
    }


def _block() -> dict[str, Any]:
    conditions = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/condition"}}
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "all": {**conditions, "description": "Every one of these holds."},
            "any": {**conditions, "description": "At least one of these holds."},
            "none": {**conditions, "description": "None of these holds."},
        },
    }


def _comparison(right: dict[str, Any]) -> dict[str, Any]:
    left = {"feature": {"$ref": "#/$defs/feature"}, "op": {"enum": list(OPERATORS)}}
    return {
        "type": "object",
        "required": [*left, *right],
        "additionalProperties": False,
        "properties": {**left, **right},
    }
