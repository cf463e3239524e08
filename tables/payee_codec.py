"""A payee's state as bytes: see `account_codec` for the layout; a payee keeps no keys and no devices."""

from __future__ import annotations

from array import array

from features.payee import SKETCH_SHAPE, PayeeState
from tables.account_codec import decode_account, encode_account

_NONE = array("Q")


def encode(state: PayeeState) -> bytes:
    """Return the state's bytes, at most 8 KiB.

    >>> from features import payee
    >>> decode(encode(payee.empty())) == payee.empty()
    True
    """
    return encode_account(state, _NONE, _NONE)


def decode(data: bytes) -> PayeeState:
    """Return the state in bytes that `encode` wrote; raises StateCodecError for any others."""
    return decode_account(data, PayeeState, SKETCH_SHAPE, has_keys=False)
