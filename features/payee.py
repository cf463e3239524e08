"""The payee's side of a payment: who paid this account before, read and folded.

`read` gives the features of the row after the payer's, in the order of `features/vector.py`. A merchant with a million
payments a day costs what a person with 256 payments costs: its ring is no longer, and what it pushes out is counters
and a sketch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

from features.account import FAILED, NEW, TINY, TINY_PAISE_MAX, AccountState, is_new_party
from features.expiry import clear_payments, is_absent, may_shrink, may_vanish
from features.fields import check_kept_ranges
from features.hashing import party_hash
from features.reading import (
    age_days,
    count_amount,
    over_largest,
    over_mean,
    seconds_since_last,
)
from features.ring import insert
from features.summary import summarise
from features.verdicts import add_verdict, count_fraud_verdicts
from features.windows import NEW_BITS, read_windows

if TYPE_CHECKING:
    from features.transaction import Transaction, Verdict

SKETCH_SHAPE = (10, 64)


@dataclass(slots=True)
class PayeeState(AccountState):
    """An account as a payee; its other parties are payers."""


def empty() -> PayeeState:
    """Return the state of an account never seen."""
    return PayeeState()


def read(state: PayeeState, txn: Transaction) -> list[float]:
    """Return the payee's features of a payment from what came before it; changes nothing.

    >>> from features.transaction import Transaction
    >>> state = fold(empty(), Transaction("t1", 1_700_000_000_000, 500_00, "a@x", "b@y"))
    >>> row = read(state, Transaction("t2", 1_700_000_060_000, 1000_00, "c@x", "b@y"))
    >>> row[:5], row[15:19]
    ([1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    """
    time_ms, amount_paise = txn.event_time_ms, txn.amount_paise
    if is_absent(state, time_ms):
        state = PayeeState()
    windows = read_windows(state, time_ms)
    _, from_1h, from_24h, _, start, end = windows.bounds
    new_24h = ((windows.flags >> ((from_24h - start) << 3)) & NEW_BITS).bit_count()
    slot = state.parties.find(party_hash(txn.payer_vpa))
    row = [
        *windows.counts,
        *[sum_paise / 100 for sum_paise in windows.sums_paise],
        *windows.distincts,
        slot < 0 or state.slots.rfind(slot, start, end) < 0,
        ((windows.flags >> ((from_1h - start) << 3)) & NEW_BITS).bit_count(),
        new_24h,
        new_24h / (end - from_24h) if end != from_24h else nan,
        over_mean(amount_paise, windows),
        over_largest(state, amount_paise, start, end),
        count_amount(state, amount_paise, from_24h, end),
        seconds_since_last(state, end, time_ms),
        age_days(state, time_ms),
        count_fraud_verdicts(state, time_ms),
        nan if txn.payee_type is None else txn.payee_type == "ENTITY",
    ]
    return list(map(float, row))


def fold(state: PayeeState, txn: Transaction) -> PayeeState:
    """Return the state with a payment taken in; owns and may reuse its argument.

    Raises ValueError, before anything changes, for a payment outside the ranges that parsing guarantees.
    """
    time_ms = txn.event_time_ms
    check_kept_ranges(time_ms, txn.amount_paise)
    if is_absent(state, time_ms):
        state = PayeeState()
    party = party_hash(txn.payer_vpa)
    slot = state.parties.find(party)
    flags = NEW if slot < 0 or is_new_party(state, time_ms, slot) else 0
    if txn.status == "FAILED":
        flags |= FAILED
    if txn.amount_paise <= TINY_PAISE_MAX:
        flags |= TINY
    insert(state, time_ms, txn.amount_paise, party=party, slot=slot, flags=flags, shape=SKETCH_SHAPE)
    return state


def fold_verdict(state: PayeeState, verdict: Verdict) -> PayeeState:
    """Return the state with a verdict taken in; the same verdict again changes nothing. Owns its argument."""
    if is_absent(state, verdict.label_time_ms):
        state = PayeeState()
    add_verdict(state, verdict)
    return state


def shrink(state: PayeeState, now_ms: int) -> PayeeState:
    """Return the state without what can be read no more at `now_ms`, the newest event time; owns its argument."""
    if may_vanish(state, now_ms):
        return PayeeState()
    if may_shrink(state, now_ms):
        clear_payments(state)
    return state


def summary(state: PayeeState, now_ms: int) -> dict[str, Any]:
    """Return windows at `now_ms` and the newest payments, for people; `payer` in them is a hash."""
    return summarise(PayeeState() if is_absent(state, now_ms) else state, now_ms, "payer")
