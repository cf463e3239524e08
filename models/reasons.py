"""Reasons: why a payment is an alert, from the rules that hit and from the model's exact contributions.

Rules come first, they were written to be read. Then what moved the model most towards fraud: TreeSHAP splits the
log-odds of this payment exactly among its features. Windows of one quantity tell one story, so only the strongest of
them is told, and none that a rule has told already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.vector import FEATURE_NAMES, WINDOWS
from models.manifest import FROZEN_RULE_SCORE, MODEL_INPUTS
from models.phrases import phrase
from rules.conditions import Block, Comparison, Condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.artifact import Model
    from models.scoring import Score, Scorer

MOST_MODEL_REASONS = 4
_WEAKEST = 0.1
"""Log-odds below which a contribution says nothing: it moves the odds by less than a tenth."""

_ODD_ENOUGH = 0.05


class Reason(NamedTuple):
    """`code` is a rule's id or `MODEL_` and a feature's name; `text` is for the analyst."""

    code: str
    text: str


def explain(scorer: Scorer, row: Sequence[float], score: Score) -> list[Reason]:
    """Give the reasons of one scored payment of F features, most readable first; milliseconds, so for alerts only."""
    values = [float(value) for value in row]
    hits = set(score.rules)
    reasons = [Reason(rule_id, scorer.rules.explain(rule_id, values)) for rule_id in score.rules]
    told = {stem(name) for rule in scorer.rules.rules if rule.id in hits for name in _features(rule.when)}
    if scorer.model is not None:
        reasons.extend(_model_reasons(scorer.model, values, told))
    return reasons


def contributions(model: Model, row: Sequence[float]) -> list[tuple[str, float]]:
    """Give each model input's share of the log-odds before calibration, largest first; they add up with the base value.

    Names are those of `models.manifest.MODEL_INPUTS`.
    """
    inputs = model.inputs(np.array([row], dtype=np.float64))
    shares = model.trees.contributions(inputs)[0, :-1].tolist()
    return sorted(zip(MODEL_INPUTS, shares, strict=True), key=lambda pair: -pair[1])


def stem(name: str) -> str:
    """Name the quantity of a feature without its window.

    >>> stem("payee_new_payers_24h"), stem("hour_ist")
    ('payee_new_payers', 'hour_ist')
    """
    head, _, window = name.rpartition("_")
    return head if window in WINDOWS else name


def _model_reasons(model: Model, row: list[float], told: set[str]) -> Iterator[Reason]:
    """Tell the strongest contributions towards fraud, one per quantity."""
    left = MOST_MODEL_REASONS
    for name, share in contributions(model, row):
        if share < _WEAKEST or not left:
            return
        text = _text(model, name, row) if stem(name) not in told else ""
        if text:
            told.add(stem(name))
            left -= 1
            yield Reason(f"MODEL_{name.upper()}", text)


def _text(model: Model, name: str, row: list[float]) -> str:
    """Put one contribution into words; what the rules' own texts tell better stays empty."""
    if name in FEATURE_NAMES:
        return phrase(name, row)
    if name == FROZEN_RULE_SCORE:
        return ""
    depth = float(model.forest.margins(np.array([row], dtype=np.float64))[0])
    rarest = min((share for share, bound in model.manifest.odd_depths if depth <= bound), default=1.0)
    return f"as a whole unlike {1 - rarest:.1%} of payments" if rarest <= _ODD_ENOUGH else ""


def _features(condition: Condition) -> Iterator[str]:
    """Walk the features that a condition reads, but for the exceptions it makes."""
    if isinstance(condition, Comparison):
        yield condition.feature
    if isinstance(condition, Block):
        for part in (*condition.all_of, *condition.any_of):
            yield from _features(part)
