"""From a record's bytes to fields of the right types: JSON is decoded here, what the fields mean is checked later.

What is rejected depends on the record alone: nesting is bounded here, since a parser's own limit depends on how deep
the caller's stack already is.
"""

from __future__ import annotations

from typing import Annotated, NoReturn, TypeVar

import msgspec

from features.errors import RejectedTransaction
from features.fields import OPTIONAL_CHARS_MAX

VALUE_BYTES_MAX = 64 * 1024
NESTING_MAX = 32

_Text = Annotated[str, msgspec.Meta(max_length=OPTIONAL_CHARS_MAX)]
_Optional = _Text | None
_Code = Annotated[int, msgspec.Meta(ge=0, le=9999)]


class WireTransaction(msgspec.Struct, gc=False):
    """A transaction as JSON holds it."""

    transaction_id: str
    event_time: int | str
    amount: float | int | str
    payer_vpa: str
    payee_vpa: str
    currency: str | None = None
    device_id: _Optional = None
    payee_type: _Optional = None
    mcc: (
        Annotated[str, msgspec.Meta(max_length=OPTIONAL_CHARS_MAX)] | Annotated[int, msgspec.Meta(ge=0, le=9999)] | None
    ) = None
    initiation_mode: _Optional = None
    txn_type: _Optional = None
    status: _Optional = None
    ip: _Optional = None
    location: _Optional = None
    app: _Optional = None


class WireVerdict(msgspec.Struct, gc=False):
    """A verdict as JSON holds it."""

    transaction_id: str
    event_time: int | str
    amount: float | int | str
    payer_vpa: str
    payee_vpa: str
    is_fraud: bool | int
    label_time: int | str
    source: _Optional = None


_Wire = TypeVar("_Wire")


def decode_json(value: bytes | None, decoder: msgspec.json.Decoder[_Wire]) -> _Wire:
    """Return what a record's value holds; raises RejectedTransaction for anything the decoder's type does not fit."""
    if value is None:
        raise RejectedTransaction("tombstone", "a value is needed; got none")
    if len(value) > VALUE_BYTES_MAX:
        raise RejectedTransaction("too_large", f"at most {VALUE_BYTES_MAX} bytes are read; got {len(value)}")
    if value.count(b"[") + value.count(b"{") > NESTING_MAX and _nesting(value) > NESTING_MAX:
        raise RejectedTransaction("invalid_json", f"at most {NESTING_MAX} nested levels are read; got more")
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as exc:
        _reject_invalid(str(exc), exc)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise RejectedTransaction("invalid_json", f"a JSON object in UTF-8 is needed; got: {exc}") from exc


def _nesting(value: bytes) -> int:
    """Return the deepest nesting outside strings; only records with many brackets come here."""
    outside = value.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    depth = deepest = 0
    for byte in b"".join(outside):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _reject_invalid(message: str, exc: Exception) -> NoReturn:
    """Sort msgspec's findings into our reasons; its messages name the field and the type, never the value."""
    reason = "invalid_field" if "`$." in message else "invalid_json"
    if "missing required field" in message or (reason == "invalid_field" and "got `null`" in message):
        reason = "missing_field"
    raise RejectedTransaction(reason, message) from exc
