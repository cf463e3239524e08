"""The decision and the alert as JSON, the form that consumers of the topics read (design, section 8).

The bytes depend on nothing but the payment, its place in the logs and the versions in force, so a decision that is
sent again after a crash is the same to the byte. Decisions are put together from pieces, a part at a time: their
fields are few and known, and their numbers are written for all rows at once (`features.text`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import orjson

from features.clock import SECOND_MS, format_event_time
from features.text import rows_json
from features.vector import FEATURE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from agents.run import Candidate
    from agents.work import Decided
    from features.transaction import Transaction
    from models.scoring import Score

#: Printable form of "no model": the worker runs on rules alone.
NO_MODEL = "none"


class Place(NamedTuple):
    """Where decisions stand: their payee partition, the sequence of the first, and the control record in force."""

    partition: int
    first_sequence: int
    control_offset: int = -1


def decisions_json(
    decided: Sequence[Decided],
    scores: Sequence[Score],
    rows: NDArray[np.float64] | None,
    versions: tuple[str, str],
    place: Place,
    *,
    beside: Sequence[bytes] | None = None,
) -> list[bytes]:
    """Return decisions of consecutive sequences, with what stands `beside` each; `versions` = (model, rules).

    Missing features are null; `rows` None leaves them out, as `PRAHARI_DECISION_FEATURES=none` asks.
    """
    features = [b""] * len(decided) if rows is None else [b',"features":' + text for text in rows_json(rows)]
    versions_text = _versions_json(versions, place.control_offset)
    more = [b""] * len(decided) if beside is None else beside
    probabilities = orjson.dumps([score.fraud_probability for score in scores])[1:-1].split(b",")
    return [
        b'%b,"fraud_probability":%b,"rule_score":%d,"rules":%b,"risk":%d,"risk_tier":"%b"%b%b%b%b,"payer_offset":%d,"partition":%d,"sequence":%d}'
        % (
            _payment_json(one.transaction),
            probability,
            score.rule_score,
            _rules_json(score.rules),
            score.risk,
            score.tier.encode(),
            added,
            text,
            versions_text,
            b"true" if one.late else b"false",
            one.offset,
            place.partition,
            sequence,
        )
        for sequence, (one, score, text, probability, added) in enumerate(
            zip(decided, scores, features, probabilities, more, strict=True), place.first_sequence
        )
    ]


def _versions_json(versions: tuple[str, str], control_offset: int) -> bytes:
    schema, model, rules = map(orjson.dumps, (FEATURE_SCHEMA, *versions))
    text = b',"feature_schema":%b,"model_version":%b,"rules_version":%b,"control_offset":%d,"late":'
    return text % (schema, model, rules, control_offset)


def _payment_json(txn: Transaction) -> bytes:
    """Return how a decision begins; a VPA has no character that JSON would escape."""
    return b'{"transaction_id":%b,"event_time":"%b","payer_vpa":"%b","payee_vpa":"%b","amount":%b' % (
        orjson.dumps(txn.transaction_id),
        _time_text(txn.event_time_ms),
        txn.payer_vpa.encode(),
        txn.payee_vpa.encode(),
        orjson.dumps(txn.amount_paise / 100),
    )


def _time_text(time_ms: int) -> bytes:
    second, millis = divmod(time_ms, SECOND_MS)
    head, tail = _second_text(second)
    return b"%b%03d%b" % (head, millis, tail)


@lru_cache(maxsize=4096)
def _second_text(second: int) -> tuple[bytes, bytes]:
    """Return what is written before and after the milliseconds."""
    head, _, tail = format_event_time(second * SECOND_MS).encode().partition(b".000")
    return head + b".", tail


@lru_cache(maxsize=4096)
def _rules_json(rules: tuple[str, ...]) -> bytes:
    return orjson.dumps(rules)


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
