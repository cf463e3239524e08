"""Rules: numbers in, reasons out.

A rule is data (`rules.yaml`): conditions over the features of `features/vector.py`, a weight, and a sentence with
numbers for the analyst. `parse_rules` checks every word of it and compiles it; `RuleSet.evaluate` answers for one row,
`RuleSet.evaluate_batch` for many. Nothing here knows a clock, a file format other than YAML, or a model.
"""

from __future__ import annotations

from rules.parse import DEFAULT_RULES, TRIAL_RULES, load_rules, parse_rules
from rules.ruleset import Rule, RuleSet

__all__ = ["DEFAULT_RULES", "TRIAL_RULES", "Rule", "RuleSet", "load_rules", "parse_rules"]
