"""Reads the payments of many records at once, from JSON to numbers and to the msgpack that travels on.

What is read here comes out as `features.transaction.parse_transaction` and `features.events.payment_event` would have
it, to the byte; records that it leaves out are theirs to read or to reject. Tests hold both equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from features.compiled import compiled
from features.events import COLLECT, COLLECT_GIVEN, ENTITY, ENTITY_GIVEN, FAILED_BIT, STATUS_BIT
from features.fields import OPTIONAL_CHARS_MAX, TRANSACTION_ID_CHARS_MAX
from features.hashing import content_key
from features.pieces import cut
from features.rooms import Room
from features.wire import VALUE_BYTES_MAX
from features.wire_json import ABSENT, BEGIN, END, FIELDS, KIND, NULL, NUMBER, TEXT, new_fields, read_object
from features.wire_msgpack import ARRAY_14, MCC_DIGITS, NIL, put_int, put_text
from features.wire_numbers import AMOUNT_PAISE, BITS, DEVICE, KEY, NO_KEY, NUMBERS, TIME_MS, end_key, hash_text
from features.wire_values import is_vpa, to_epoch_ms, to_paise, to_time_ms, upper
from features.xxh3 import BYTES_MAX as HASHED_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.wire_json import Bytes, Fields

(_ID, _TIME, _AMOUNT, _PAYER, _PAYEE, _DEVICE, _PAYEE_TYPE, _MCC) = range(8)
_TXN_TYPE, _STATUS, _CURRENCY = map(FIELDS.index, ("txn_type", "status", "currency"))
_KEPT = FIELDS.index("currency")
#: What msgpack may take beyond the JSON of the same payment: two integers, a head, and room to spare.
_MORE_BYTES = 64
_room = Room()

_FAILED, _COLLECT, _ENTITY, _INR = (
    np.frombuffer(word, np.uint8) for word in (b"FAILED", b"COLLECT", b"ENTITY", b"INR")
)


class ReadPayments(NamedTuple):
    """Per record: its numbers [n, NUMBERS], and the payment in msgpack, empty where it was not read here."""

    numbers: NDArray[np.int64]
    contents: list[bytes]


def read_payments(values: Sequence[bytes]) -> ReadPayments:
    """Read what can be read of n records' values.

    >>> value = b'{"transaction_id":"t1","event_time":1000,"amount":1.5,"payer_vpa":"A@x","payee_vpa":"b@y"}'
    >>> numbers, contents = read_payments([value, b"[]"])
    >>> numbers[0, :2].tolist(), contents[0][2:4], contents[1]
    ([1000, 150], b't1', b'')
    """
    whole = b"".join(values)
    lengths = np.fromiter(map(len, values), np.int64, len(values))
    numbers = np.empty((len(values), NUMBERS), np.int64)
    content_ends = np.empty(len(values), np.int64)
    room = _room.of(len(whole) + _MORE_BYTES * len(values))
    _read_all(np.frombuffer(whole or b"\0", np.uint8), lengths.cumsum(), new_fields(), numbers, room, content_ends)
    contents = cut(room, content_ends)
    for at in np.flatnonzero(numbers[:, KEY] == NO_KEY).tolist():
        numbers[at, KEY] = content_key(msgspec.msgpack.decode(contents[at])[0].encode(), contents[at])
    return ReadPayments(numbers, contents)


@compiled
def _read_all(
    data: Bytes,
    ends: NDArray[np.int64],
    fields: Fields,
    numbers: NDArray[np.int64],
    room: Bytes,
    content_ends: NDArray[np.int64],
) -> None:
    begin = at = 0
    for record in range(len(ends)):
        end = ends[record]
        written = -1
        if end - begin <= VALUE_BYTES_MAX and read_object(data, begin, end, fields) and _fits(data, fields):
            written = _write(data, fields, numbers[record], room, at)
        if written >= 0:
            at = written
        else:
            numbers[record] = 0
        content_ends[record] = at
        begin = end


@compiled
def _fits(data: Bytes, fields: Fields) -> bool:
    """Tell whether every field has a kind and a length that is read here."""
    for field in (_ID, _PAYER, _PAYEE):
        if fields[field, KIND] != TEXT:
            return False
    if not 0 < fields[_ID, END] - fields[_ID, BEGIN] <= TRANSACTION_ID_CHARS_MAX:
        return False
    for field in (_TIME, _AMOUNT):
        if fields[field, KIND] not in (TEXT, NUMBER):
            return False
    for field in range(_DEVICE, _KEPT):
        kind, length = fields[field, KIND], fields[field, END] - fields[field, BEGIN]
        if kind == NUMBER and (field != _MCC or length > MCC_DIGITS or not _is_digits(data, fields[field])):
            return False
        if kind == TEXT and length > OPTIONAL_CHARS_MAX:
            return False
    currency = fields[_CURRENCY, KIND]
    return currency in (ABSENT, NULL) or (currency == TEXT and _is(data, fields[_CURRENCY], _INR))


@compiled
def _is_digits(data: Bytes, field: Fields) -> bool:
    """Tell whether a number is one without sign, fraction or exponent."""
    for at in range(field[BEGIN], field[END]):
        if not 48 <= data[at] <= 57:
            return False
    return bool(field[END] > field[BEGIN])


@compiled
def _is(data: Bytes, field: Fields, word: Bytes) -> bool:
    """Tell whether a field is that word, which has no lower case letter the field may have instead."""
    if field[END] - field[BEGIN] != len(word):
        return False
    for at in range(len(word)):
        if data[field[BEGIN] + at] != word[at]:
            return False
    return True


@compiled
def _is_upper(data: Bytes, field: Fields, word: Bytes) -> bool:
    if field[END] - field[BEGIN] != len(word):
        return False
    for at in range(len(word)):
        if upper(data[field[BEGIN] + at]) != word[at]:
            return False
    return True


@compiled
def _given(field: Fields) -> bool:
    """Tell whether an optional field is given: an empty text is none."""
    return bool(field[KIND] in (TEXT, NUMBER) and field[END] > field[BEGIN])


@compiled
def _bits(data: Bytes, fields: Fields) -> int:
    """Return what `features.events.payment_bits` does."""
    bits = 0
    if _given(fields[_STATUS]):
        bits |= STATUS_BIT | (FAILED_BIT if _is_upper(data, fields[_STATUS], _FAILED) else 0)
    if _given(fields[_TXN_TYPE]):
        bits |= COLLECT_GIVEN | (COLLECT if _is_upper(data, fields[_TXN_TYPE], _COLLECT) else 0)
    if _given(fields[_PAYEE_TYPE]):
        bits |= ENTITY_GIVEN | (ENTITY if _is_upper(data, fields[_PAYEE_TYPE], _ENTITY) else 0)
    return bits


@compiled
def _write(data: Bytes, fields: Fields, numbers: NDArray[np.int64], room: Bytes, start: int) -> int:
    """Write a payment's numbers and its msgpack from `start`; return where that ends, or -1."""
    for field in (_PAYER, _PAYEE):
        begin, end = fields[field, BEGIN], fields[field, END]
        if end - begin > HASHED_BYTES_MAX or not is_vpa(data, begin, end):
            return -1
    begin, end = fields[_TIME, BEGIN], fields[_TIME, END]
    time_ms = to_time_ms(data, begin, end) if fields[_TIME, KIND] == TEXT else to_epoch_ms(data, begin, end)
    amount_paise = to_paise(data, fields[_AMOUNT, BEGIN], fields[_AMOUNT, END])
    if time_ms < 0 or amount_paise < 0:
        return -1
    numbers[TIME_MS], numbers[AMOUNT_PAISE], numbers[BITS] = time_ms, amount_paise, _bits(data, fields)
    numbers[DEVICE] = 0
    room[start] = ARRAY_14
    at = start + 1
    for field in range(_KEPT):
        if field == _TIME:
            at = put_int(room, at, time_ms)
        elif field == _AMOUNT:
            at = put_int(room, at, amount_paise)
        elif not _given(fields[field]):
            room[at] = NIL
            at += 1
        else:
            at = put_text(data, field, fields[field], room, at)
            hash_text(numbers, field, room, start, at - (fields[field, END] - fields[field, BEGIN]), at)
    end_key(numbers, room, start, at)
    return at
