"""A decision is the JSON that a plain writer would make of it, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.bundle import Bundle, Kind, decode_bundle, encode_bundle
from agents.decision import Places, decisions_json
from agents.work import Work
from features.clock import format_event_time
from features.events import AMOUNT_PAISE, COLUMNS, TIME_MS
from features.fields import AMOUNT_PAISE_MAX, EVENT_TIME_MS_MAX
from features.transaction import Transaction
from features.vector import FEATURE_SCHEMA, PAYER_FEATURE_COUNT
from models.risk import tier_of
from models.scoring import Score, Scores

if TYPE_CHECKING:
    from agents.decided import Decisions

VERSIONS = ("m1", "r1")
IDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=64)
NAMES = st.from_regex(r"\A[a-z0-9._-]{1,60}@[a-z0-9.-]{1,190}\Z")
TRANSACTIONS = st.builds(
    Transaction,
    transaction_id=IDS,
    event_time_ms=st.integers(0, EVENT_TIME_MS_MAX - 1),
    amount_paise=st.integers(1, AMOUNT_PAISE_MAX),
    payer_vpa=NAMES,
    payee_vpa=NAMES,
    location=st.none() | IDS,
)
SCORES = st.builds(
    lambda probability, rule_score, rules, risk: Score(probability, rule_score, rules, risk, tier_of(risk), 0),
    st.floats(0, 1),
    st.integers(0, 100),
    st.lists(st.sampled_from(["A_RULE", "OTHER"]), max_size=2, unique=True).map(tuple),
    st.integers(0, 100),
)
NUMBERS = st.one_of(st.floats(), st.integers(-10, 10**9).map(float), st.decimals(0, 10**6, places=3).map(float))


def decisions_of(transactions: list[Transaction], late: bool) -> Decisions:
    """Bring payments through a bundle to where they are decided."""
    events = np.zeros((len(transactions), COLUMNS), np.int64)
    events[:, TIME_MS] = [txn.event_time_ms for txn in transactions]
    events[:, AMOUNT_PAISE] = [txn.amount_paise for txn in transactions]
    kinds = bytes([Kind.LATE if late else Kind.PAYMENT]) * len(transactions)
    items = (list(range(7, 7 + len(transactions))), kinds, list(map(msgspec.msgpack.encode, transactions)))
    tables = events, np.zeros((len(transactions), PAYER_FEATURE_COUNT))
    work = Work()
    work.open(3)
    work.add(decode_bundle(encode_bundle(Bundle.of(np.full(len(transactions), 2, np.int32), items, tables))), {})
    return work.close().decisions


def plain(txn: Transaction, score: Score, row: list[float] | None, more: bytes, place: tuple[int, int, bool]) -> bytes:
    """Write a decision as anybody would."""
    offset, sequence, late = place
    head = {
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
    tail = {
        **({} if row is None else {"features": row}),
        "feature_schema": FEATURE_SCHEMA,
        "model_version": VERSIONS[0],
        "rules_version": VERSIONS[1],
        "control_offset": 4,
        "late": late,
        "payer_offset": offset,
        "partition": 3,
        "sequence": sequence,
    }
    return orjson.dumps(head)[:-1] + more + b"," + orjson.dumps(tail)[1:]


@settings(max_examples=200, deadline=None)
@given(data=st.data(), late=st.booleans(), shown=st.booleans(), known=st.booleans(), beside=st.booleans())
def test_decisions_are_what_a_plain_writer_makes_of_them(
    data: st.DataObject, *, late: bool, shown: bool, known: bool, beside: bool
) -> None:
    """With and without features, a model and what stands beside; several at once."""
    pairs = data.draw(st.lists(st.tuples(TRANSACTIONS, SCORES), min_size=1, max_size=4))
    transactions, scores = [txn for txn, _ in pairs], [score for _, score in pairs]
    if not known:
        scores = [msgspec.structs.replace(score, fraud_probability=None) for score in scores]
    width = data.draw(st.integers(1, 5))
    rows = [data.draw(st.lists(NUMBERS, min_size=width, max_size=width)) for _ in pairs] if shown else None
    more = [b',"challenger_probability":0.5', b""] * 2 if beside else [b""] * 4

    written = decisions_json(
        decisions_of(transactions, late),
        Scores.of(scores),
        None if rows is None else np.array(rows),
        VERSIONS,
        Places(np.full(len(transactions), 3), np.arange(11, 11 + len(transactions)), 4),
        beside=more[: len(pairs)] if beside else None,
    )

    assert written.each() == [
        plain(txn, score, None if rows is None else rows[at], more[at], (7 + at, 11 + at, late))
        for at, (txn, score) in enumerate(zip(transactions, scores, strict=True))
    ]
