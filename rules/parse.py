"""From YAML to rules, strictly: an unknown key, feature or form, a wrong type or a double id is refused with its line.

A file that passes here cannot fail while payments are scored. All problems of a file are told at once, at most one per
rule.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from features.errors import RulesError
from features.vector import FEATURE_NAMES, feature_index
from rules.conditions import OPERATORS, Block, Comparison, Condition
from rules.ruleset import HIGHEST_SCORE, Rule, RuleSet
from rules.wording import parse_template

DEFAULT_RULES = Path(__file__).with_name("rules.yaml")
TRIAL_RULES = DEFAULT_RULES.with_name("trial.yaml")

#: What ruamel raises for one text or another, beside errors of its own: such as TypeError for a mapping within a key.
_PARSER_RAISES = (YAMLError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_LARGEST_TEXT = 256 * 1024
MOST_RULES = 200
_MOST_COMPARISONS = 32
_DEEPEST_BLOCK = 4
RULE_KEYS = ("id", "title", "why", "weight", "state", "when", "text")
_BLOCK_KEYS = ("all", "any", "none")
RULE_ID = re.compile(r"(?!LISTED_)[A-Z][A-Z0-9_]{2,39}")
LONGEST_TEXTS = {"title": 80, "why": 800, "text": 400}


class _ProblemError(Exception):
    """What is wrong with one rule, with its line; collected into one RulesError."""


def load_rules(path: Path | str) -> RuleSet:
    """Read a rules file; raises RulesError when it cannot be read or does not hold valid rules."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise RulesError(f"a readable UTF-8 rules file was needed at {path}; got: {exc}") from exc
    return parse_rules(text, name=str(path))


def parse_rules(text: str, *, name: str = "rules") -> RuleSet:
    """Check and compile the text of a rules file; raises RulesError that lists every problem with its line.

    >>> parse_rules("rules: []").evaluate([])
    (0, ())
    """
    root = _read_yaml(text, name)
    problems = []
    rules: list[Rule] = []
    lines: dict[str, int] = {}
    for position, entry in enumerate(root):
        line = root.lc.item(position)[0] + 1
        try:
            rule = _rule(entry, line)
            if rule.id in lines:
                _fail(line, f"id {rule.id} stands already on line {lines[rule.id]}; every rule needs an id of its own")
            lines[rule.id] = line
            rules.append(rule)
        except _ProblemError as problem:
            problems.append(f"{name} {problem}")
    if problems:
        raise RulesError("\n".join(problems))
    return RuleSet(rules, text)


def _read_yaml(text: str, name: str) -> Any:
    """Return the list under `rules:` with its line numbers."""
    if len(text) > _LARGEST_TEXT:
        raise RulesError(f"{name}: at most {_LARGEST_TEXT} characters were expected; got {len(text)}")
    try:
        root = YAML(typ="rt", pure=True).load(text)
    except _PARSER_RAISES as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        raise RulesError(f"{name}{where}: valid YAML was needed; got: {getattr(exc, 'problem', None) or exc}") from exc
    if not isinstance(root, dict) or list(root) != ["rules"] or not isinstance(root["rules"], list):
        raise RulesError(f"{name} line 1: one key `rules` with a list of rules was needed; see rules/rules.yaml")
    if len(root["rules"]) > MOST_RULES:
        raise RulesError(f"{name}: at most {MOST_RULES} rules are evaluated per payment; got {len(root['rules'])}")
    return root["rules"]


def _fail(line: int, message: str) -> NoReturn:
    raise _ProblemError(f"line {line}: {message}")


def _line(mapping: Any, key: str) -> int:
    """Return the line of a key; what came through a YAML merge has no position of its own."""
    try:
        return int(mapping.lc.key(key)[0]) + 1
    except (KeyError, AttributeError, TypeError):
        return int(mapping.lc.line) + 1


def _rule(entry: Any, line: int) -> Rule:
    """Check one rule and turn it into a Rule."""
    _keys(entry, line, required=RULE_KEYS, allowed=RULE_KEYS, what="a rule")
    rule_id, state = entry["id"], entry["state"]
    if not isinstance(rule_id, str) or not RULE_ID.fullmatch(rule_id):
        needed = "3 to 40 of A-Z, 0-9 and _, starting with a letter and not with LISTED_, as hits of the block list do"
        _fail(_line(entry, "id"), f"id must be {needed}; got {rule_id!r}")
    if state not in ("active", "shadow"):
        _fail(_line(entry, "state"), f"state must be active or shadow; got {state!r}")
    weight = _number(entry["weight"], _line(entry, "weight"), "weight")
    if weight != int(weight) or not 0 <= weight <= HIGHEST_SCORE:
        _fail(_line(entry, "weight"), f"weight must be a whole number from 0 to {HIGHEST_SCORE}; got {weight:g}")
    texts = {key: _text(entry, key) for key in LONGEST_TEXTS}
    try:
        parse_template(texts["text"])
    except (ValueError, KeyError) as exc:
        _fail(_line(entry, "text"), f"text: {exc.args[0]}")
    budget = [_MOST_COMPARISONS]
    when = _block(entry["when"], _line(entry, "when"), 1, budget)
    return Rule(rule_id, texts["title"], texts["why"], int(weight), state == "active", when, texts["text"])


def _keys(entry: Any, line: int, *, required: tuple[str, ...], allowed: tuple[str, ...], what: str) -> None:
    """Check that a mapping has the keys it needs and no others."""
    if not isinstance(entry, dict):
        _fail(line, f"{what} must be a mapping with the keys {', '.join(allowed)}; got {type(entry).__name__}")
    for key in entry:
        if key not in allowed:
            _fail(_line(entry, key), f"unknown key {key!r} in {what}; keys: {', '.join(allowed)}")
    for key in required:
        if key not in entry:
            _fail(line, f"{what} needs the key {key!r}")


def _text(entry: Any, key: str) -> str:
    """Check a text field: given, not empty, not longer than an alert can show."""
    value = entry[key]
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXTS[key]:
        _fail(_line(entry, key), f"{key} must be a text of 1 to {LONGEST_TEXTS[key]} characters")
    return str(value).strip()


def _number(value: Any, line: int, what: str) -> float:
    """Check a number: true and false are none, and neither are infinities."""
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _fail(line, f"{what} must be a finite number; got {value!r}")
    return number


def _block(entry: Any, line: int, depth: int, budget: list[int]) -> Block:
    """Check a block of conditions; `budget` holds how many comparisons this rule may still have."""
    _keys(entry, line, required=(), allowed=_BLOCK_KEYS, what="a block of conditions")
    if depth > _DEEPEST_BLOCK:
        _fail(line, f"blocks may stand at most {_DEEPEST_BLOCK} deep")
    if not entry:
        _fail(line, "a block of conditions needs at least one of all, any, none")
    parts: dict[str, tuple[Condition, ...]] = {}
    for key in entry:
        value = entry[key]
        if not isinstance(value, list) or not value:
            _fail(_line(entry, key), f"{key} must be a list of at least one condition")
        line_of = entry[key].lc.item
        parts[key] = tuple(_condition(one, line_of(at)[0] + 1, depth, budget) for at, one in enumerate(value))
    return Block(parts.get("all", ()), parts.get("any", ()), parts.get("none", ()))


def _condition(entry: Any, line: int, depth: int, budget: list[int]) -> Condition:
    """Check one condition: a comparison, or a block inside a block."""
    if isinstance(entry, dict) and any(key in entry for key in _BLOCK_KEYS):
        return _block(entry, line, depth + 1, budget)
    budget[0] -= 1
    if budget[0] < 0:
        _fail(line, f"a rule may have at most {_MOST_COMPARISONS} comparisons")
    multiple = isinstance(entry, dict) and "of" in entry
    keys = ("feature", "op", "times", "of") if multiple else ("feature", "op", "value")
    _keys(entry, line, required=keys, allowed=keys, what="a comparison")
    if entry["op"] not in tuple(OPERATORS):
        _fail(_line(entry, "op"), f"op must be one of {' '.join(OPERATORS)}; got {entry['op']!r}")
    number = "times" if multiple else "value"
    value = _number(entry[number], _line(entry, number), number)
    return Comparison(_feature(entry, "feature"), str(entry["op"]), value, _feature(entry, "of") if multiple else None)


def _feature(entry: Any, key: str) -> str:
    """Check a feature name against the registry."""
    name = entry[key]
    if not isinstance(name, str) or name not in FEATURE_NAMES:
        try:
            feature_index(str(name))
        except KeyError as exc:
            _fail(_line(entry, key), str(exc.args[0]))
    return str(name)
