"""The decision and the alert as JSON, the form that consumers of the topics read (design, section 8).

The bytes depend on nothing but the payment, its place in the logs and the versions in force, so a decision that is
sent again after a crash is the same to the byte. Decisions are written a part at a time by compiled code
(`agents.decision_text`): their fields are few and known.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from agents.decision_text import (
    AMOUNT_PAISE,
    FIXED_BYTES_MAX,
    LATE,
    NUMBERS,
    OFFSET,
    PARTITION,
    RISK,
    RULE_SCORE,
    RULES,
    SEQUENCE,
    TIER,
    TIME_MS,
    Texts,
    write_decisions,
)
from features.clock import format_event_time
from features.evidence import words
from features.payer_before import payer_before
from features.pieces import Pieces, begins_of
from features.rooms import Room
from features.text import prepare
from features.vector import FEATURE_SCHEMA
from models.risk import TIER_OF_RISK, TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agents.decided import Decisions
    from agents.run import Candidate
    from features.evidence import Evidence
    from models.scoring import Scores

#: Printable form of "no model": the worker runs on rules alone.
NO_MODEL = "none"

_TIER_NAMES = [name for _, name in TIERS]
_room = Room()
_TIER_WORDS = [name.encode() for name in _TIER_NAMES]
_TIERS = np.array([_TIER_NAMES.index(tier) for tier in TIER_OF_RISK], np.int64)


class Places(NamedTuple):
    """Where n decisions stand: their payee partitions and sequences, and the control record in force."""

    partitions: NDArray[np.int64]
    sequences: NDArray[np.int64]
    control_offset: int = -1


def decisions_json(
    decisions: Decisions,
    scores: Scores,
    rows: NDArray[np.float64] | None,
    versions: tuple[str, str],
    places: Places,
    *,
    beside: Sequence[bytes] | None = None,
) -> Pieces:
    """Return decisions with what stands `beside` each; `versions` = (model, rules).

    Missing features are null; `rows` None leaves them out, as `PRAHARI_DECISION_FEATURES=none` asks.
    """
    count = decisions.size
    words, numbers = _words(decisions, scores, places)
    shown = prepare(np.empty((count, 0)) if rows is None else rows)
    versions_text = _versions_json(versions, places.control_offset)
    more = Texts.of(beside or [b""])
    fixed = FIXED_BYTES_MAX + len(versions_text) + shown.bytes_max + max(map(len, words))
    room = _room.of(count * fixed + 2 * len(decisions.contents) + len(more.data))
    ends = np.empty(count, np.int64)
    write_decisions(
        numbers,
        np.frombuffer(decisions.contents, np.uint8),
        decisions.spans,
        *Texts.of(words),
        np.frombuffer(_probabilities(scores), np.uint8),
        more.data,
        more.ends if beside else more.ends[:0],
        shown.rows,
        shown.decimals,
        shown.texts,
        np.frombuffer(versions_text, np.uint8),
        room,
        ends,
    )
    return Pieces(room[: int(ends[-1]) if count else 0].copy(), begins_of(ends), ends)


def _probabilities(scores: Scores) -> bytes:
    """Return the probabilities as JSON has them, a comma behind each."""
    if scores.probabilities is None:
        return b"null," * len(scores.rules)
    return orjson.dumps(scores.probabilities, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1] + b","


def _words(decisions: Decisions, scores: Scores, places: Places) -> tuple[list[bytes], NDArray[np.int64]]:
    """Return the texts of tiers and of the rules that hit, and the numbers that name them."""
    count = decisions.size
    known: dict[tuple[str, ...], int] = {}
    rules = [known.setdefault(hits, len(known)) for hits in scores.rules]
    numbers = np.empty((count, NUMBERS), np.int64)
    numbers[:, TIME_MS], numbers[:, AMOUNT_PAISE] = decisions.times_ms, decisions.amounts_paise
    numbers[:, RULE_SCORE], numbers[:, RISK] = scores.rule_scores, scores.risks
    numbers[:, TIER] = _TIERS[scores.risks]
    numbers[:, RULES] = np.array(rules, np.int64) + len(TIERS)
    numbers[:, LATE], numbers[:, OFFSET] = decisions.late, decisions.offsets
    numbers[:, PARTITION], numbers[:, SEQUENCE] = places.partitions, places.sequences
    return [*_TIER_WORDS, *map(_rules_json, known)], numbers


def _versions_json(versions: tuple[str, str], control_offset: int) -> bytes:
    schema, model, rules = map(orjson.dumps, (FEATURE_SCHEMA, *versions))
    text = b',"feature_schema":%b,"model_version":%b,"rules_version":%b,"control_offset":%d,"late":'
    return text % (schema, model, rules, control_offset)


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
        "evidence": [_evidence(one) for one in candidate.evidence],
        "payer_before": payer_before(candidate.features),
        "budget": budget,
        "model_version": versions[0],
        "rules_version": versions[1],
        "payer_offset": candidate.payer_offset,
        "partition": payee_partition,
        "sequence": candidate.sequence,
    }
    return orjson.dumps(alert)


def _evidence(one: Evidence) -> dict[str, object]:
    """Return an earlier payment to the same payee as an alert shows it."""
    return {
        "event_time": format_event_time(one.time_ms),
        "amount": one.amount_paise / 100,
        "payer_hash": f"{one.payer:010x}",
        "what": words(one.marks),
    }
