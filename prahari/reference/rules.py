"""docs/reference/rules.md: what stands in a rules file, and the rules that come with Prahari."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prahari.reference.http import kind
from prahari.reference.markup import code, table
from rules import load_rules
from rules.compare import condition_text
from rules.parse import DEFAULT_RULES, TRIAL_RULES
from rules.schema import rules_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules import Rule

_INTRO = """# Rules

A rules file is YAML: a list `rules` of these. `rules/rules.schema.json` gives editors completion; `prahari rules check`
says what is wrong, with lines. [How to add one](../how-to/add-a-rule.md).

"""


def rules_page() -> Iterator[str]:
    """Yield the page."""
    yield from _INTRO.splitlines()
    schema = rules_schema()["$defs"]
    yield from _part("A rule", schema["rule"])
    yield from _part("`when`: a block of conditions", schema["block"])
    yield from _part("A condition with a number", schema["value"])
    yield from _part("A condition with a multiple of another feature", schema["multiple"])
    in_force = load_rules(DEFAULT_RULES).rules
    yield from _rules("The rules that come with Prahari", in_force)
    ids = {rule.id for rule in in_force}
    more = [rule for rule in load_rules(TRIAL_RULES).rules if rule.id not in ids]
    yield from _rules("More, on trial: `rules/trial.yaml`", more)


def _rules(title: str, rules: Sequence[Rule]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    for rule in rules:
        yield f"### {rule.id}"
        yield ""
        yield f"{rule.title}. Weight {rule.weight}, {'active' if rule.active else 'shadow'}. {rule.why}"
        yield ""
        yield f"Hits when {code(condition_text(rule.when))}."
        yield ""


def _part(title: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    rows = [(code(name), _kind(field), field.get("description", "")) for name, field in schema["properties"].items()]
    yield from table(("field", "values", "meaning"), rows)


def _kind(field: dict[str, Any]) -> str:
    ours = {"feature": "a feature's name", "block": "conditions", "condition": "a condition", "op": "a comparison"}
    if "$ref" in field:
        return ours.get(field["$ref"].rsplit("/", 1)[1], "")
    if field.get("type") == "array":
        return "list of conditions"
    limits = " to ".join(str(field[name]) for name in ("minimum", "maximum") if name in field)
    return f"{kind(field)} {limits}".strip()
