"""A payer's state as bytes: see `account_codec` for the layout."""

from __future__ import annotations

from features.payer import SKETCH_SHAPE, PayerState
from tables.account_codec import decode_account, encode_account


def encode(state: PayerState) -> bytes:
    """Return the state's bytes, at most 8 KiB.

    >>> from features import payer
    >>> decode(encode(payer.empty())) == payer.empty()
    True
    """
    return encode_account(state, state.keys, state.devices)


def decode(data: bytes) -> PayerState:
    """Return the state in bytes that `encode` wrote; raises StateCodecError for any others."""
    return decode_account(data, PayerState, SKETCH_SHAPE, has_keys=True)
