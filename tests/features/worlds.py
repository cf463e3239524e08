"""Payments for tests: a factory with defaults, and hypothesis strategies for what one account may live through."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from features.transaction import Transaction, Verdict
from tests.features.oracle import DAY, HOUR, MINUTE, WINDOWS

START = 1_767_225_600_000
OUT_OF_ORDER_MAX = 15 * DAY

_edges = [0, 1, 2, 999, MINUTE, *(width + shift for width in (*WINDOWS, 31 * DAY, 45 * DAY) for shift in (-1, 0, 1))]
_steps = st.one_of(st.sampled_from(_edges), st.integers(0, 3 * HOUR), st.integers(0, 40 * DAY))
_backward = st.one_of(st.sampled_from([0, 1, HOUR, OUT_OF_ORDER_MAX]), st.integers(0, OUT_OF_ORDER_MAX))
_stays = st.sampled_from([-DAY, -HOUR, -1, 0, 1, MINUTE, HOUR, HOUR + 1, DAY, DAY + 1, 7 * DAY])
_amounts = st.one_of(st.sampled_from([1, 1000, 1001, 10_000, 2**32 - 1, 2**32, 10**12]), st.integers(1, 10**12))


def payment(number: int = 0, time_ms: int = START, amount_paise: int = 50_000, /, **fields: Any) -> Transaction:
    """Return a payment of me@x to shop@y unless told otherwise."""
    parties = {"payer_vpa": "me@x", "payee_vpa": "shop@y", **fields}
    return Transaction(f"t{number}", time_ms, amount_paise, **parties)


@st.composite
def lives(draw: st.DrawFn, side: str, most: int = 40) -> list[Transaction]:
    """Draw one account's payments in the order they come: mostly forward in time, some up to 15 d out of order."""
    newest, life = START, []
    for number in range(draw(st.integers(1, most))):
        out_of_order = number and draw(st.integers(0, 4)) == 0
        time_ms = newest - draw(_backward) if out_of_order else newest + draw(_steps)
        newest = max(newest, time_ms)
        life.append(draw(payments(side, number, time_ms)))
    return life


@st.composite
def judged_lives(draw: st.DrawFn, side: str, most: int = 40, *, debits: bool = False) -> list[Transaction | Verdict]:
    """Draw one account's payments, and among what comes after them verdicts on some: repeated, corrected, late.

    Verdicts on one payment come in the order of their label times. `debits`: payments by a payee itself too.
    """
    life: list[Transaction | Verdict] = []
    labelled: dict[str, int] = {}
    for txn in draw(lives(side, most)):
        life.append(txn)
        for number in range(draw(st.integers(0, 3)) if debits else 0):
            time_ms = txn.event_time_ms + draw(_stays)
            life.append(Transaction(f"d{len(life)}.{number}", time_ms, draw(_amounts), "me@x", "shop@y"))
        if draw(st.integers(0, 2)):
            continue
        about = draw(st.sampled_from([one for one in life if isinstance(one, Transaction)]))
        label_ms = about.event_time_ms + draw(st.sampled_from([0, 1, HOUR, DAY, 7 * DAY, 7 * DAY, 40 * DAY]))
        is_fraud = draw(st.integers(0, 3)) > 0
        if label_ms > labelled.get(about.transaction_id, -1):
            labelled[about.transaction_id] = label_ms
            life.append(verdict_on(about, label_ms, is_fraud=is_fraud))
    return life


def verdict_on(txn: Transaction, label_time_ms: int, *, is_fraud: bool = True) -> Verdict:
    """Return a verdict on a payment."""
    fields = (txn.transaction_id, txn.event_time_ms, txn.amount_paise, txn.payer_vpa, txn.payee_vpa)
    return Verdict(*fields, is_fraud, label_time_ms, "bank")


def payments(side: str, number: int, time_ms: int) -> st.SearchStrategy[Transaction]:
    """Draw one payment at a time, with few parties and devices so that they repeat."""
    parties = st.sampled_from(["a@p", "b@p", "c@p", "d@p"])
    return st.builds(
        Transaction,
        st.just(f"t{number}"),
        st.just(time_ms),
        _amounts,
        st.just("me@x") if side == "payer" else parties,
        parties if side == "payer" else st.just("me@x"),
        device_id=st.sampled_from([None, "dev1", "dev2", "dev3"]),
        payee_type=st.sampled_from([None, "PERSON", "ENTITY"]),
        txn_type=st.sampled_from([None, "PAY", "COLLECT"]),
        status=st.sampled_from([None, "SUCCESS", "FAILED"]),
    )
