"""Rules on trial: what is evaluated beside the rules in force, and what is not evaluated twice."""

from __future__ import annotations

import numpy as np

from features.vector import FEATURE_COUNT, feature_index
from rules import parse_rules
from rules.shadow import ShadowRules

RULE = """\
  - id: {id}
    title: A test
    why: A test wants it.
    weight: 10
    state: {state}
    when: {{all: [{{feature: amount_rupees, op: ">", value: {above}}}]}}
    text: paid
"""


def ruleset(*rules: tuple[str, str, int]) -> str:
    """Return a rules file of rules (id, state, amount above which they hit)."""
    return "rules:\n" + "".join(RULE.format(id=name, state=state, above=above) for name, state, above in rules)


def test_only_what_is_not_in_force_as_it_stands_is_on_trial() -> None:
    """Shadow rules of the set in force, new ones and changed ones of the staged set; an unchanged one is not."""
    live = parse_rules(ruleset(("SAME", "active", 1), ("CHANGED", "active", 100), ("TRIED", "shadow", 5)))
    staged = parse_rules(ruleset(("SAME", "active", 1), ("CHANGED", "active", 10), ("NEW_ONE", "active", 1_000)))
    rows = np.full((3, FEATURE_COUNT), np.nan)
    rows[:2, feature_index("amount_rupees")] = [6.0, 5_000.0]
    shadow = ShadowRules(live, staged)

    assert shadow.ids == ("TRIED", "CHANGED", "NEW_ONE")
    assert shadow.hits(rows) == [("TRIED",), ("TRIED", "CHANGED", "NEW_ONE"), ()]
    assert shadow.versions == (live.version, staged.version)


def test_without_rules_on_trial_nothing_is_evaluated() -> None:
    """Then it is false, and a stage asks it nothing."""
    live = parse_rules(ruleset(("SAME", "active", 1)))

    assert not ShadowRules(live, None)
    assert ShadowRules(live, live).hits(np.zeros((2, FEATURE_COUNT))) == [(), ()]
