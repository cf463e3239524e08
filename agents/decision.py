"""The decision and the alert as JSON, the form that consumers of the topics read (design, section 8).

The bytes depend on nothing but the payment, its place in the logs and the versions in force, so a decision that is
sent again after a crash is the same to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from features.clock import format_event_time
from features.vector import FEATURE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.bundle import TransactionItem
    from agents.run import Candidate
    from models.scoring import Score

#: Printable form of "no model": the worker runs on rules alone.
NO_MODEL = "none"


def decision_json(
    item: TransactionItem,
    score: Score,
    features: Sequence[float] | None,
    versions: tuple[str, str],
    place: tuple[int, int],
) -> bytes:
    """Return a decision; `versions` = (model, rules), `place` = (payee partition, sequence); missing features are null.

    `features` None leaves the values out, as `PRAHARI_DECISION_FEATURES=none` asks.
    """
    txn = item.transaction
    decision = {
        "transaction_id": txn.transaction_id,
        "event_time": format_event_time(txn.event_time_ms),
        "payer_vpa": txn.payer_vpa,
        "payee_vpa": txn.payee_vpa,
        "amount": txn.amount_paise / 100,
        "fraud_probability": score.fraud_probability,
        "rule_score": score.rule_score,
        "rules": score.rules,
        "risk": score.risk,
        "risk_tier": score.tier,
    }
    if features is not None:
        decision["features"] = features
    decision["feature_schema"] = FEATURE_SCHEMA
    decision["model_version"], decision["rules_version"] = versions
    decision["late"] = item.late
    decision["payer_offset"] = item.offset
    decision["partition"], decision["sequence"] = place
    return orjson.dumps(decision)


def alert_json(
    candidate: Candidate,
    reasons: Sequence[Mapping[str, str]],
    versions: tuple[str, str],
    payee_partition: int,
    budget: Mapping[str, object],
) -> bytes:
    """Return an alert with its reasons and the budget as of its admission; `versions` = (model, rules)."""
    txn = candidate.transaction
    alert = {
        "alert_id": txn.transaction_id,
        "transaction_id": txn.transaction_id,
        "event_time": format_event_time(txn.event_time_ms),
        "payer_vpa": txn.payer_vpa,
        "payee_vpa": txn.payee_vpa,
        "amount": txn.amount_paise / 100,
        "fraud_probability": candidate.fraud_probability,
        "rule_score": candidate.rule_score,
        "rules": candidate.rules,
        "risk": candidate.risk,
        "risk_tier": candidate.risk_tier,
        "reasons": reasons,
        "budget": budget,
        "model_version": versions[0],
        "rules_version": versions[1],
        "payer_offset": candidate.payer_offset,
        "partition": payee_partition,
        "sequence": candidate.sequence,
    }
    return orjson.dumps(alert)
