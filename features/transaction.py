"""A payment and a verdict on one, as every stage sees them, and how a Kafka record becomes one.

`parse_transaction` and `parse_verdict` accept any bytes and raise nothing but RejectedTransaction. What they accept or
reject depends on nothing but the record and its timestamp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from features.clock import DAY_MS, MINUTE_MS, format_event_time
from features.errors import RejectedTransaction
from features.fields import to_paise, to_time_ms, to_transaction_id, to_vpa
from features.wire import WireTransaction, WireVerdict, decode_json

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Transaction", "Verdict", "format_event_time", "is_late", "mask_vpa", "parse_transaction", "parse_verdict"]

FUTURE_MS_MAX = 5 * MINUTE_MS
LATE_MS = 30 * DAY_MS
MCC_DIGITS = 4


class Transaction(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One payment. Times are epoch ms, amounts paise, VPAs lower case; None is "not given"."""

    transaction_id: str
    event_time_ms: int
    amount_paise: int
    payer_vpa: str
    payee_vpa: str
    device_id: str | None = None
    payee_type: str | None = None
    mcc: str | None = None
    initiation_mode: str | None = None
    txn_type: str | None = None
    status: str | None = None
    ip: str | None = None
    location: str | None = None
    app: str | None = None


class Verdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was found out about a payment, known from `label_time_ms` on."""

    transaction_id: str
    event_time_ms: int
    amount_paise: int
    payer_vpa: str
    payee_vpa: str
    is_fraud: bool
    label_time_ms: int
    source: str


_transaction_decoder = msgspec.json.Decoder(WireTransaction)
_verdict_decoder = msgspec.json.Decoder(WireVerdict)


def parse_transaction(
    value: bytes | None, timestamp_ms: int, to_vpa: Callable[[str, str], str] = to_vpa
) -> Transaction:
    """Return the payment in a record's value; `timestamp_ms` is the record's Kafka timestamp.

    Raises RejectedTransaction and nothing else, whatever the bytes are. `to_vpa` may remember what it said before.

    >>> value = b'{"transaction_id":"t1","event_time":1000,"amount":1.5,"payer_vpa":"A@x","payee_vpa":"b@y"}'
    >>> parse_transaction(value, 2000).amount_paise
    150
    """
    wire = decode_json(value, _transaction_decoder)
    if wire.currency is not None and wire.currency != "INR":
        raise RejectedTransaction("invalid_field", "currency needs to be INR: amounts are kept in paise")
    event_time_ms = to_time_ms(wire.event_time, "event_time")
    _check_not_future(event_time_ms, timestamp_ms, "event_time")
    mcc = wire.mcc
    return Transaction(
        to_transaction_id(wire.transaction_id),
        event_time_ms,
        to_paise(wire.amount),
        to_vpa(wire.payer_vpa, "payer_vpa"),
        to_vpa(wire.payee_vpa, "payee_vpa"),
        wire.device_id or None,
        wire.payee_type.upper() if wire.payee_type else None,
        str(mcc).zfill(MCC_DIGITS) if isinstance(mcc, int) else mcc or None,
        wire.initiation_mode or None,
        wire.txn_type.upper() if wire.txn_type else None,
        wire.status.upper() if wire.status else None,
        wire.ip or None,
        wire.location or None,
        wire.app or None,
    )


def parse_verdict(value: bytes | None, timestamp_ms: int) -> Verdict:
    """Return the verdict in a record's value; raises RejectedTransaction and nothing else, whatever the bytes are.

    >>> value = b'{"transaction_id":"t1","event_time":1000,"amount":1.5,"payer_vpa":"a@x","payee_vpa":"b@y",'
    >>> parse_verdict(value + b'"is_fraud":1,"label_time":1500,"source":"bank"}', 2000).is_fraud
    True
    """
    wire = decode_json(value, _verdict_decoder)
    if wire.is_fraud not in (0, 1):
        raise RejectedTransaction("invalid_field", f"is_fraud needs to be true, false, 0 or 1; got {wire.is_fraud}")
    label_time_ms = to_time_ms(wire.label_time, "label_time")
    _check_not_future(label_time_ms, timestamp_ms, "label_time")
    return Verdict(
        to_transaction_id(wire.transaction_id),
        to_time_ms(wire.event_time, "event_time"),
        to_paise(wire.amount),
        to_vpa(wire.payer_vpa, "payer_vpa"),
        to_vpa(wire.payee_vpa, "payee_vpa"),
        bool(wire.is_fraud),
        label_time_ms,
        wire.source or "unknown",
    )


def is_late(txn: Transaction, timestamp_ms: int) -> bool:
    """Tell whether a payment's event time is more than 30 d behind its record: decided, but outside the budget."""
    return timestamp_ms - txn.event_time_ms > LATE_MS


def mask_vpa(vpa: str) -> str:
    """Return a VPA for logs: enough to recognise, not enough to pay.

    >>> mask_vpa("ravi.kumar@okaxis"), mask_vpa("ab@ybl")
    ('ra***@okaxis', 'a***@ybl')
    """
    name, at, handle = vpa.partition("@")
    shown = 2 if len(name) > 2 else 1
    return f"{name[:shown]}***{at}{handle}"


def _check_not_future(time_ms: int, timestamp_ms: int, field: str) -> None:
    if time_ms - timestamp_ms > FUTURE_MS_MAX:
        detail = f"{field} may be 5 minutes ahead of the record's timestamp {timestamp_ms}; got {time_ms}"
        raise RejectedTransaction("future_event_time", detail)
