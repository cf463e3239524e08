"""A part's payments and verdicts as a table of integers, one row each: what compiled code reads of them.

Names and texts are hashes and bits here; what a decision shows of a payment stays in its `Transaction`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled, compiled_making_arrays
from features.hashing import id_hash, party_hash, payment_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.transaction import Transaction, Verdict

    Events = NDArray[np.int64]
    Event = tuple[int, int, int, int, int, int, int, int]

# The columns.
ACCOUNT = 0  # which of the part's accounts
KIND = 1
TIME_MS = 2  # event time; of a verdict its label time
AMOUNT_PAISE = 3
PARTY = 4  # 40 bits of the account on the other side
KEY = 5  # of a payment `payment_key`, of a verdict `id_hash`
DEVICE = 6  # 40 bits, 0 where none is given
JUDGED_MS = DEVICE  # of a verdict the event time of the payment it is about
BITS = 7
COLUMNS = 8

# The kinds.
PAYMENT = 0
VERDICT = 1
DEBIT = 2  # a payment by the account itself, told to the payee's side: its time and amount

# The bits: FAILED of a payment, FRAUD of a verdict, and optional fields with whether they are given.
FAILED_BIT = 1
FRAUD_BIT = 2
COLLECT_GIVEN = 4
COLLECT = 8
ENTITY_GIVEN = 16
ENTITY = 32
STATUS_BIT = 64  # a status is given
BOTH_BIT = 128  # the payer's own account is of this payee partition too: a debit of it follows the payment

NO_DEVICE = 0


def payment_event(txn: Transaction, account: int, other: int) -> Event:
    """Return the row of a payment for the account at that place; `other` is the hash of the other side."""
    device_id = txn.device_id
    device = NO_DEVICE if device_id is None else party_hash(device_id)
    key, bits = payment_key(txn), payment_bits(txn)
    return account, PAYMENT, txn.event_time_ms, txn.amount_paise, other, key, device, bits


def payment_bits(txn: Transaction) -> int:
    """Return the bits of a payment's optional fields."""
    bits = 0 if txn.status is None else STATUS_BIT | (FAILED_BIT if txn.status == "FAILED" else 0)
    if txn.txn_type is not None:
        bits |= COLLECT_GIVEN | (COLLECT if txn.txn_type == "COLLECT" else 0)
    if txn.payee_type is not None:
        bits |= ENTITY_GIVEN | (ENTITY if txn.payee_type == "ENTITY" else 0)
    return bits


def debit_event(txn: Transaction, account: int) -> Event:
    """Return the row of a payment as its payer's own account knows it on the payee's side."""
    return account, DEBIT, txn.event_time_ms, txn.amount_paise, 0, 0, NO_DEVICE, 0


def takes_money(txn: Transaction) -> bool:
    """Tell whether a payment takes money out of its payer's account: whether it did not fail."""
    return txn.status != "FAILED"


@compiled
def pays(event: Events) -> bool:
    """Tell whether an event is a payment for which `takes_money` holds."""
    return bool(event[KIND] == PAYMENT and event[BITS] & FAILED_BIT == 0)


@compiled_making_arrays
def debits_of(events: Events) -> NDArray[np.bool_]:
    """Tell of each event whether it `pays`."""
    mask = np.empty(len(events), np.bool_)
    for at in range(len(events)):
        mask[at] = pays(events[at])
    return mask


def with_debits(follows: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return of which payment each event is, and which are debits, where one follows each payment of `follows`.

    >>> at, debits = with_debits(np.array([True, False]))
    >>> at.tolist(), debits.tolist()
    ([0, 0, 1], [False, True, False])
    """
    at = np.repeat(np.arange(len(follows)), 1 + follows)
    return at, np.diff(at, prepend=-1) == 0


def verdict_event(verdict: Verdict, account: int, other: int) -> Event:
    """Return the row of a verdict for the account at that place; `other` is the hash of the other side."""
    bits = FRAUD_BIT if verdict.is_fraud else 0
    key = id_hash(verdict.transaction_id)
    return account, VERDICT, verdict.label_time_ms, verdict.amount_paise, other, key, verdict.event_time_ms, bits


def to_events(rows: Sequence[Event]) -> Events:
    """Return rows as one table of shape [n, COLUMNS]."""
    return np.array(rows, np.int64).reshape(-1, COLUMNS)


@compiled
def flag(bits: int, given: int, bit: int) -> float:
    """Return an optional field as 1, 0 or NaN."""
    if bits & given == 0:
        return np.nan
    return 1.0 if bits & bit else 0.0
