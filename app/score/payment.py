"""What `/score` is asked: a payment, with or without its time, and the record that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from features.errors import RejectedTransaction
from features.transaction import parse_transaction

if TYPE_CHECKING:
    from features.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment to score: as parsed, and as it goes to `transactions`; `timed` is whether the client said when."""

    transaction: Transaction
    value: bytes
    timed: bool
    dry_run: bool = False

    @property
    def identity(self) -> tuple[str, str]:
        """What a repeat has in common with its first."""
        return self.transaction.payer_vpa, self.transaction.transaction_id

    def repeats(self, other: Asked) -> bool:
        """Whether this is the payment that `other` was; one without a time repeats one of any time."""
        return self._comparable(other) == other._comparable(self)

    def _comparable(self, other: Asked) -> tuple[Any, ...]:
        txn = self.transaction
        timed = self.timed and other.timed
        fields = (getattr(txn, name) for name in txn.__struct_fields__ if timed or name != "event_time_ms")
        return tuple(fields)


def read_payment(body: bytes, now_ms: int) -> Asked:
    """Return the payment in a request's body; raises RejectedTransaction and nothing else.

    Without an `event_time` it happens now. `dry_run` is no field of a payment and does not get into the record.

    >>> body = b'{"transaction_id":"t1","amount":1.5,"payer_vpa":"a@x","payee_vpa":"b@y"}'
    >>> read_payment(body, 1_700_000_000_000).transaction.event_time_ms
    1700000000000
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise RejectedTransaction("invalid_json", f"a JSON object in UTF-8 is needed; got: {exc}") from exc
    if not isinstance(fields, dict):
        raise RejectedTransaction("invalid_json", "a JSON object is needed; got another value")
    dry_run = fields.pop("dry_run", False)
    if not isinstance(dry_run, bool):
        raise RejectedTransaction("invalid_field", "dry_run needs to be true or false")
    timed = fields.get("event_time") is not None
    if not timed:
        fields["event_time"] = now_ms
    value = orjson.dumps(fields)
    return Asked(parse_transaction(value, now_ms), value, timed, dry_run)
