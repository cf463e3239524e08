"""Writes the records of a Kafka batch (message format v2, KIP-98) one behind the other, compiled.

A record is its length, a byte of attributes, the deltas of time and offset, key, value, and how many headers it has;
numbers are zigzag varints. These have no headers and the batch's own time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.words import copy_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Places = NDArray[np.int64]

#: What a record takes beside key and value, at most: five varints of five bytes, and three single bytes.
RECORD_BYTES_MAX = 32


@compiled
def write_records(
    keys: Bytes,
    key_begins: Places,
    key_ends: Places,
    values: Bytes,
    value_begins: Places,
    value_ends: Places,
    start: int,
    offset: int,
    room: Bytes,
    at: int,
) -> tuple[int, int]:
    """Write records from the one at `start`, as many as fit, numbered from `offset`; return how far, and where."""
    for which in range(start, len(value_ends)):
        key_length = key_ends[which] - key_begins[which]
        value_length = value_ends[which] - value_begins[which]
        body = 2 + _varint_size(offset) + _size(key_length) + _size(value_length) + 1
        if at + _varint_size(body) + body > len(room):
            return which, at
        at = _put_varint(room, at, body)
        room[at] = room[at + 1] = 0  # attributes, and the delta of time
        at = _put_varint(room, at + 2, offset)
        at = _put_piece(room, at, keys, key_begins[which], key_length)
        at = _put_piece(room, at, values, value_begins[which], value_length)
        room[at] = 0  # no headers
        at += 1
        offset += 1
    return len(value_ends), at


@compiled
def _size(length: int) -> int:
    """Return what a key or value takes; a null is the length -1."""
    return _varint_size(length) + length if length >= 0 else 1


@compiled
def _varint_size(number: int) -> int:
    rest, size = number << 1, 1
    while rest >= 0x80:
        rest >>= 7
        size += 1
    return size


@compiled
def _put_varint(room: Bytes, at: int, number: int) -> int:
    """Write a number that is not negative."""
    rest = number << 1
    while rest >= 0x80:
        room[at] = (rest & 0x7F) | 0x80
        rest >>= 7
        at += 1
    room[at] = rest
    return at + 1


@compiled
def _put_piece(room: Bytes, at: int, data: Bytes, begin: int, length: int) -> int:
    if length < 0:
        room[at] = 1  # -1 as a zigzag varint
        return at + 1
    at = _put_varint(room, at, length)
    copy_bytes(room, at, data, begin, length)
    return at + length
