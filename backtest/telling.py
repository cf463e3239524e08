"""Puts the worst false alarms and misses into words: their reasons, and the threshold that a miss stayed below."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from features.clock import format_event_time
from features.transaction import mask_vpa
from models.reasons import explain

if TYPE_CHECKING:
    from backtest.cases import Case
    from backtest.run import Outcome


def tell_cases(outcome: Outcome) -> dict[str, list[dict[str, Any]]]:
    """Return the worst false alarms and the worst misses with their reasons; VPAs are masked, for a report travels."""
    return {
        "false_alarms": [_tell(case, outcome) for case in outcome.cases.false_alarms()],
        "misses": [_tell(case, outcome) for case in outcome.cases.misses()],
    }


def _tell(case: Case, outcome: Outcome) -> dict[str, Any]:
    txn, score = case.row.transaction, case.score
    return {
        "transaction_id": txn.transaction_id,
        "event_time": format_event_time(txn.event_time_ms),
        "payer": mask_vpa(txn.payer_vpa),
        "payee": mask_vpa(txn.payee_vpa),
        "amount": txn.amount_paise / 100,
        "fraud_type": case.row.fraud_type,
        "fraud_probability": score.fraud_probability,
        "rules": list(score.rules),
        "risk": score.risk,
        "bucket": score.bucket,
        "threshold_bucket": _threshold_at(outcome, txn.event_time_ms),
        "reasons": [reason._asdict() for reason in explain(outcome.scorer, case.features, score)],
    }


def _threshold_at(outcome: Outcome, time_ms: int) -> int | None:
    """Return the lowest bucket that the budget would have admitted at the end of that hour."""
    at = bisect_left(outcome.moments, time_ms, key=lambda moment: moment.time_ms)
    return outcome.moments[min(at, len(outcome.moments) - 1)].report.threshold if outcome.moments else None
