"""What the worker says of payments and alerts in its log, and the reasons it gives; VPAs are masked unless told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from agents.lists import LISTED_RULES
from features.transaction import mask_vpa
from models.scoring import Score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agents.run import Candidate
    from app.settings import Settings
    from features.transaction import Transaction
    from models.scoring import Scorer

logger = logging.getLogger("prahari")


def _shown(settings: Settings) -> Callable[[str], str]:
    return str if settings.log_full_vpa else mask_vpa


def log_alert(settings: Settings) -> Callable[[Candidate], None]:
    """Return what logs an admitted alert as one `FRAUD ALERT` line."""
    shown = _shown(settings)

    def log(candidate: Candidate) -> None:
        payer_vpa = shown(candidate.transaction.payer_vpa)
        logger.warning("FRAUD ALERT | payer=%s risk=%d rules=[%s]", payer_vpa, candidate.risk, _names(candidate.rules))

    return log


def log_decision(settings: Settings) -> Callable[[Transaction, Score], None]:
    """Return what logs each decision as one `[EVENT]` line."""
    shown = _shown(settings)

    def log(txn: Transaction, score: Score) -> None:
        probability = "none" if score.fraud_probability is None else f"{score.fraud_probability:.2f}"
        logger.info(
            "[EVENT] payer=%s amount=%.2f rule_score=%d ml_prob=%s final_risk=%d rules=[%s]",
            shown(txn.payer_vpa),
            txn.amount_paise / 100,
            score.rule_score,
            probability,
            score.risk,
            _names(score.rules),
        )

    return log


def _names(rules: Sequence[str]) -> str:
    return ", ".join(rules)


class Explainer:
    """Gives the reasons of candidates; called in a thread, for admitted alerts only.

    `scorer_of(model_version, rules_version)` is asked for what decided them.
    """

    def __init__(self, scorer_of: Callable[[str, str], Scorer]) -> None:
        self._scorer_of = scorer_of

    def __call__(
        self, rows: Any, candidates: Sequence[Candidate], versions: tuple[str, str]
    ) -> list[list[dict[str, str]]]:
        """Return, per candidate, its reasons as `code` and `text`; `rows` are the candidates' features."""
        from models.reasons import explain  # noqa: PLC0415

        scorer = self._scorer_of(*versions)
        known = {rule.id for rule in scorer.rules.rules}
        told = []
        for row, candidate in zip(rows, candidates, strict=True):
            reasons = explain(scorer, row, _score(candidate, known))
            listed = [{"code": code, "text": _without_rule(code)} for code in candidate.rules if code not in known]
            told.append([*listed, *({"code": reason.code, "text": reason.text} for reason in reasons)])
        return told


def _without_rule(code: str) -> str:
    """Return the sentence of a hit that no rule of the set explains: a list's, or one whose text is not here."""
    return LISTED_RULES[code][1] if code in LISTED_RULES else code


def _score(candidate: Candidate, known: set[str]) -> Score:
    """Return the score that the candidate carries, with the rules that can be told; its rank is no matter here."""
    return Score(
        candidate.fraud_probability,
        candidate.rule_score,
        tuple(rule for rule in candidate.rules if rule in known),
        candidate.risk,
        candidate.risk_tier,
        bucket=0,
    )
