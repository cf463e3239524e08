"""The numbers that a payment's record comes to: a row of columns, and the hashes among them.

Hashes are those of `features.hashing`; of a VPA Kafka's too, by which it is found where it lives as a payee.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.hashing import CONTENT_MASK, ID_MASK, PARTY_MASK
from features.murmur import murmur2_of
from features.wire_json import FIELDS
from features.xxh3 import BYTES_MAX, xxh3

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.wire_json import Bytes

# The columns; the last two say where in the payment's msgpack the payer's VPA begins and ends.
TIME_MS, AMOUNT_PAISE, BITS, KEY, DEVICE, PAYER_PARTY, PAYEE_PARTY, PAYER_HASH, PAYEE_HASH, PAYER_BEGIN, PAYER_END = (
    range(11)
)
NUMBERS = 11

#: The key of a payment whose content is too long to be hashed here.
NO_KEY = -1

_ID, _PAYER, _PAYEE, _DEVICE = map(FIELDS.index, ("transaction_id", "payer_vpa", "payee_vpa", "device_id"))


@compiled
def hash_text(numbers: NDArray[np.int64], field: int, room: Bytes, start: int, begin: int, end: int) -> None:
    """Note the hash of a text, where there is one of its field; it stands from `begin`, the msgpack from `start`."""
    if field == _ID:
        numbers[KEY] = xxh3(room, begin, end) & ID_MASK
    elif field == _DEVICE:
        numbers[DEVICE] = _party(room, begin, end)
    elif field == _PAYER:
        numbers[PAYER_PARTY], numbers[PAYER_HASH] = _party(room, begin, end), murmur2_of(room, begin, end)
        numbers[PAYER_BEGIN], numbers[PAYER_END] = begin - start, end - start
    elif field == _PAYEE:
        numbers[PAYEE_PARTY], numbers[PAYEE_HASH] = _party(room, begin, end), murmur2_of(room, begin, end)


@compiled
def end_key(numbers: NDArray[np.int64], room: Bytes, start: int, end: int) -> None:
    """Make the key whole, which has the hash of the id already, by that of the content."""
    if end - start > BYTES_MAX:
        numbers[KEY] = NO_KEY
    else:
        numbers[KEY] |= xxh3(room, start, end) & CONTENT_MASK


@compiled
def _party(room: Bytes, begin: int, end: int) -> int:
    """Return what `features.hashing.text_hash` does."""
    hashed = xxh3(room, begin, end) & PARTY_MASK
    return hashed or 1
