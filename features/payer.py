"""The payer's side of a payment: what this account did before, read and folded.

`read` gives the first PAYER_FEATURE_COUNT features of the row, in the order of `features/vector.py`. A payer remembers
the keys of its newest 256 payments in the order they came, so that a repeat is known however late it is, and up to 15
devices of the payments in its ring.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import Enum
from math import nan
from typing import TYPE_CHECKING, Any

from features.account import (
    DEVICE_SHIFT,
    FAILED,
    NEVER,
    NEW,
    TINY,
    TINY_PAISE_MAX,
    AccountState,
    is_new_party,
)
from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS
from features.devices import read_devices, take_device
from features.expiry import STUB_AFTER_MS, clear_payments, is_absent, may_shrink, may_vanish
from features.fields import check_kept_ranges
from features.hashing import CONTENT_BITS, id_hash, party_hash, payment_key
from features.reading import age_days, over_largest, over_mean, seconds_since_last
from features.ring import insert
from features.summary import summarise
from features.verdicts import add_verdict, count_fraud_verdicts
from features.windows import FAILED_BITS, NEW_BITS, TINY_BITS, read_windows

if TYPE_CHECKING:
    from features.transaction import Transaction, Verdict

KEYS_MAX = 256
SKETCH_SHAPE = (7, 32)
ROUND_PAISE = 100_00

_KEY_BYTES = 8
_ID_AT = 3  # a key's upper 40 bits, which are all id, as they lie in its bytes


@dataclass(slots=True)
class PayerState(AccountState):
    """An account as a payer: `keys` of payments in the order they came, `devices` by index."""

    keys: array[int] = field(default_factory=lambda: array("Q"))
    devices: array[int] = field(default_factory=lambda: array("Q"))


class Seen(Enum):
    """Whether a payment was folded before: never, with the same content, or with another."""

    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


def empty() -> PayerState:
    """Return the state of an account never seen."""
    return PayerState()


def read(state: PayerState, txn: Transaction) -> list[float]:
    """Return the payer's features of a payment from what came before it; changes nothing.

    >>> from features.transaction import Transaction
    >>> state = fold(empty(), Transaction("t1", 1_700_000_000_000, 500_00, "a@x", "b@y"))
    >>> row = read(state, Transaction("t2", 1_700_000_060_000, 1000_00, "a@x", "c@y"))
    >>> row[0], row[5:10], row[20:23]
    (1000.0, [1.0, 1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 60.0])
    """
    time_ms, amount_paise = txn.event_time_ms, txn.amount_paise
    if is_absent(state, time_ms):
        state = PayerState()
    shifted = time_ms + IST_OFFSET_MS
    windows = read_windows(state, time_ms)
    _, from_1h, from_24h, _, start, end = windows.bounds
    hour, day = windows.flags >> ((from_1h - start) << 3), windows.flags >> ((from_24h - start) << 3)
    row = [
        amount_paise / 100,
        amount_paise % ROUND_PAISE == 0,
        shifted % DAY_MS / HOUR_MS,
        (shifted // DAY_MS + 3) % 7,
        nan if txn.txn_type is None else txn.txn_type == "COLLECT",
        *windows.counts,
        *[sum_paise / 100 for sum_paise in windows.sums_paise],
        *windows.distincts,
        over_mean(amount_paise, windows),
        over_largest(state, amount_paise, start, end),
        seconds_since_last(state, end, time_ms),
        age_days(state, time_ms),
        *_read_payee(state, txn, start, end),
        (hour & NEW_BITS).bit_count(),
        (day & NEW_BITS).bit_count(),
        *read_devices(state, state.devices, txn.device_id, start, end),
        (day & FAILED_BITS).bit_count(),
        (hour & TINY_BITS).bit_count(),
        count_fraud_verdicts(state, time_ms),
    ]
    return list(map(float, row))


def fold(state: PayerState, txn: Transaction) -> PayerState:
    """Return the state with a payment taken in; owns and may reuse its argument.

    Raises ValueError, before anything changes, for a payment outside the ranges that parsing guarantees.
    """
    time_ms = txn.event_time_ms
    check_kept_ranges(time_ms, txn.amount_paise)
    if state.last_ms != NEVER and time_ms - state.last_ms > STUB_AFTER_MS:
        state = _expire(state, time_ms)
    party = party_hash(txn.payee_vpa)
    slot = state.parties.find(party)
    flags = NEW if slot < 0 or is_new_party(state, time_ms, slot) else 0
    if txn.status == "FAILED":
        flags |= FAILED
    if txn.amount_paise <= TINY_PAISE_MAX:
        flags |= TINY
    if txn.device_id is not None:
        flags |= take_device(state, state.devices, txn.device_id) << DEVICE_SHIFT
    keys = state.keys
    keys.append(payment_key(txn))
    if len(keys) > KEYS_MAX:
        del keys[0]
    insert(state, time_ms, txn.amount_paise, party=party, slot=slot, flags=flags, shape=SKETCH_SHAPE)
    return state


def fold_verdict(state: PayerState, verdict: Verdict) -> PayerState:
    """Return the state with a verdict taken in; the same verdict again changes nothing. Owns its argument."""
    if is_absent(state, verdict.label_time_ms):
        state = PayerState()
    add_verdict(state, verdict)
    return state


def seen_before(state: PayerState, txn: Transaction) -> Seen:
    """Tell whether this payment's id is among the newest 256 that came, and whether all its content is the same."""
    if not state.keys or txn.event_time_ms - state.last_ms > STUB_AFTER_MS:
        return Seen.NEW
    identity = id_hash(txn.transaction_id)
    keys, wanted = state.keys.tobytes(), identity.to_bytes(_KEY_BYTES, "little")[_ID_AT:]
    at = keys.find(wanted)
    while at >= 0:
        if at % _KEY_BYTES == _ID_AT and state.keys[at // _KEY_BYTES] >> CONTENT_BITS == identity >> CONTENT_BITS:
            same = state.keys[at // _KEY_BYTES] == payment_key(txn)
            return Seen.SAME if same else Seen.CONFLICT
        at = keys.find(wanted, at + 1)
    return Seen.NEW


def shrink(state: PayerState, now_ms: int) -> PayerState:
    """Return the state without what can be read no more at `now_ms`, the newest event time; owns its argument."""
    if may_vanish(state, now_ms):
        return PayerState()
    if may_shrink(state, now_ms):
        clear_payments(state)
        state.keys, state.devices = array("Q"), array("Q")
    return state


def summary(state: PayerState, now_ms: int) -> dict[str, Any]:
    """Return windows at `now_ms` and the newest payments, for people; `payee` in them is a hash."""
    return summarise(PayerState() if is_absent(state, now_ms) else state, now_ms, "payee")


def _expire(state: PayerState, time_ms: int) -> PayerState:
    if is_absent(state, time_ms):
        return PayerState()
    state.keys = array("Q")
    return state


def _read_payee(state: PayerState, txn: Transaction, start: int, end: int) -> tuple[float, int, float]:
    """Return (payee is new, payments to it, seconds since the last) of the payments in [start, end) of the ring."""
    slot = state.parties.find(party_hash(txn.payee_vpa)) if start != end else -1
    at = state.slots.rfind(slot, start, end) if slot >= 0 else -1
    if at < 0:
        return 1.0, 0, nan
    return 0.0, state.slots.count(slot, start, end), (txn.event_time_ms - state.times[at] - state.base_ms) / 1000
