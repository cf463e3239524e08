"""Writes a payment's fields as msgpack has them: texts in the case that is kept, numbers as short as they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.wire_json import BEGIN, END, FIELDS, KIND, NUMBER
from features.wire_values import lower, upper

if TYPE_CHECKING:
    from features.wire_json import Bytes, Fields

ARRAY_14, NIL = 0x9E, 0xC0
MCC_DIGITS = 4

_TEXT_31, _TEXT_255 = 0xA0, 0xD9
_PAYER, _PAYEE = map(FIELDS.index, ("payer_vpa", "payee_vpa"))
_PAYEE_TYPE, _TXN_TYPE, _STATUS = map(FIELDS.index, ("payee_type", "txn_type", "status"))


@compiled
def put_text(data: Bytes, field: int, place: Fields, room: Bytes, at: int) -> int:
    """Write a text in the case that is kept; a merchant code that came as a number has four digits."""
    begin, length = place[BEGIN], place[END] - place[BEGIN]
    zeros = MCC_DIGITS - length if place[KIND] == NUMBER else 0
    if length + zeros <= 31:
        room[at] = _TEXT_31 | (length + zeros)
        at += 1
    else:
        room[at], room[at + 1] = _TEXT_255, length
        at += 2
    for _ in range(zeros):
        room[at] = b"0"[0]
        at += 1
    for step in range(length):
        byte = data[begin + step]
        if field in (_PAYER, _PAYEE):
            byte = lower(byte)
        elif field in (_PAYEE_TYPE, _TXN_TYPE, _STATUS):
            byte = upper(byte)
        room[at + step] = byte
    return int(at + length)


@compiled
def put_int(room: Bytes, at: int, value: int) -> int:
    """Write a number that is not negative in as few bytes as msgpack allows."""
    if value < 0x80:
        room[at] = value
        return at + 1
    size, head = 1, 0xCC
    while size < 8 and value >> (8 * size):
        size, head = size * 2, head + 1
    room[at] = head
    for step in range(size):
        room[at + 1 + step] = (value >> (8 * (size - 1 - step))) & 0xFF
    return at + 1 + size
