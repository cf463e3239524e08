"""A set of rules in force: evaluation of one row or of a batch, and the sentence of a rule that hit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.errors import RulesError
from rules.conditions import Block, compile_row
from rules.program import Program
from rules.wording import parse_template, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

HIGHEST_SCORE = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as written: what it looks for, why its thresholds are what they are, what it tells the analyst."""

    id: str
    title: str
    why: str
    weight: int
    active: bool
    when: Block
    text: str


class RuleSet:
    """Rules compiled once, evaluated often.

    `version` is the first 12 hex digits of the SHA-256 of the text: equal texts are equal rules on every worker.
    """

    def __init__(self, rules: Iterable[Rule], text: str) -> None:
        self.rules = tuple(rules)
        self.text = text
        self.version = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._templates = {rule.id: parse_template(rule.text) for rule in self.rules}
        self._active = tuple((compile_row(r.when), r.weight, r.id) for r in self.rules if r.active)
        self._shadow = tuple((compile_row(r.when), r.id) for r in self.rules if not r.active)
        self._program = Program.of(rule.when for rule in self.rules if rule.active)
        self._ids = tuple(rule.id for rule in self.rules if rule.active)
        self._weights = np.array([rule.weight for rule in self.rules if rule.active], dtype=np.int64)

    def evaluate(self, row: Sequence[float]) -> tuple[int, tuple[str, ...]]:
        """Score one row of F floats: the summed weights of the active rules that hit, at most 100, and their ids."""
        score = 0
        hits = []
        for holds, weight, rule_id in self._active:
            if holds(row):
                score += weight
                hits.append(rule_id)
        return min(score, HIGHEST_SCORE), tuple(hits)

    def evaluate_batch(self, rows: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
        """Score n rows of shape [n, F]: what `evaluate` gives for each of them, at a fraction of the cost."""
        hits, ids = self._program.names(rows, self._ids)
        return np.minimum(hits @ self._weights, HIGHEST_SCORE), ids

    def shadow_hits(self, row: Sequence[float]) -> tuple[str, ...]:
        """Name the shadow rules that would have hit; they never count towards a score."""
        return tuple(rule_id for holds, rule_id in self._shadow if holds(row))

    def explain(self, rule_id: str, row: Sequence[float]) -> str:
        """Say in words with numbers why a rule hit this row; raises RulesError for an id that is not in this set."""
        template = self._templates.get(rule_id)
        if template is None:
            known = ", ".join(self._templates)
            raise RulesError(f"a rule of version {self.version} was needed; got {rule_id!r}; it holds: {known}")
        return render(template, row)
