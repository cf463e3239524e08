"""Finds the fields of a payment in JSON as nearly all writers write it: one flat object of printable ASCII.

Compiled, and strict in what it takes: whatever is wrong or merely unusual (escapes, other letters, nesting, exponents,
a field twice) is not read here but left to `features.wire`, so that there is one judge of what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    #: Per field of `FIELDS` where its value stands: begin, end, kind.
    Fields = NDArray[np.int64]

#: In the order of `Transaction`, then what is only checked.
FIELDS = (
    *("transaction_id", "event_time", "amount", "payer_vpa", "payee_vpa", "device_id", "payee_type", "mcc"),
    *("initiation_mode", "txn_type", "status", "ip", "location", "app", "currency"),
)
FIELD_COUNT = len(FIELDS)
BEGIN, END, KIND = 0, 1, 2
ABSENT, NULL, TEXT, NUMBER = 0, 1, 2, 3

_UNKNOWN = FIELD_COUNT
_NAME_CHARS_MAX = max(map(len, FIELDS))
_NAMES = np.zeros((FIELD_COUNT, _NAME_CHARS_MAX), np.uint8)
_NAME_CHARS = np.array([len(name) for name in FIELDS], np.int64)
for _at, _name in enumerate(FIELDS):
    _NAMES[_at, : len(_name)] = np.frombuffer(_name.encode(), np.uint8)

_QUOTE, _ESCAPE, _COLON, _COMMA, _POINT = b'"'[0], b"\\"[0], b":"[0], b","[0], b"."[0]
_OPEN, _CLOSE, _ZERO, _NINE = b"{"[0], b"}"[0], b"0"[0], b"9"[0]
_FIRST_PRINTABLE, _LAST_PRINTABLE = 0x20, 0x7E
_NULL_WORD = np.frombuffer(b"null", np.uint8)
_TRUE_WORD = np.frombuffer(b"true", np.uint8)
_FALSE_WORD = np.frombuffer(b"false", np.uint8)


def new_fields() -> Fields:
    """Return room for the fields of one object; the last row takes what nobody asked for."""
    return np.zeros((FIELD_COUNT + 1, 3), np.int64)


@compiled
def read_object(data: Bytes, begin: int, end: int, fields: Fields) -> bool:
    """Find the fields of the object in data[begin:end]; False for what is not read here."""
    fields[:, KIND] = ABSENT
    at = _skip_space(data, begin, end)
    if at >= end or data[at] != _OPEN:
        return False
    guess = 0
    while True:
        at = _skip_space(data, at + 1, end)
        name_end = _text_end(data, at, end)
        if name_end < 0:
            return False
        field = _find_name(data, at + 1, name_end, guess)
        guess = field + 1
        at = _skip_space(data, name_end + 1, end)
        if at >= end or data[at] != _COLON or (field != _UNKNOWN and fields[field, KIND] != ABSENT):
            return False
        at = _read_value(data, _skip_space(data, at + 1, end), end, fields[field])
        if at < 0:
            return False
        at = _skip_space(data, at, end)
        if at >= end:
            return False
        if data[at] == _CLOSE:
            return bool(_skip_space(data, at + 1, end) == end)
        if data[at] != _COMMA:
            return False


@compiled
def _skip_space(data: Bytes, at: int, end: int) -> int:
    while at < end and data[at] <= _FIRST_PRINTABLE and (data[at] in (32, 9, 10, 13)):
        at += 1
    return at


@compiled
def _text_end(data: Bytes, at: int, end: int) -> int:
    """Return where the closing quote of the text that begins with the quote at `at` stands, or -1."""
    if at >= end or data[at] != _QUOTE:
        return -1
    at += 1
    while at < end and data[at] != _QUOTE:
        if data[at] < _FIRST_PRINTABLE or data[at] > _LAST_PRINTABLE or data[at] == _ESCAPE:
            return -1
        at += 1
    return at if at < end else -1


@compiled
def _find_name(data: Bytes, begin: int, end: int, guess: int) -> int:
    """Return which field a name is; writers keep their order, so the one after the last is tried first."""
    for step in range(FIELD_COUNT):
        field = (guess + step) % FIELD_COUNT
        if _NAME_CHARS[field] == end - begin:
            same = True
            for at in range(end - begin):
                if data[begin + at] != _NAMES[field, at]:
                    same = False
                    break
            if same:
                return field
    return _UNKNOWN


@compiled
def _read_value(data: Bytes, at: int, end: int, field: Fields) -> int:
    """Note where the value at `at` stands and what it is; return where it ends, or -1."""
    if at >= end:
        return -1
    first = data[at]
    if first == _QUOTE:
        closing = _text_end(data, at, end)
        field[BEGIN], field[END], field[KIND] = at + 1, closing, TEXT
        return closing + 1 if closing >= 0 else -1
    if _ZERO <= first <= _NINE:
        number_end = _number_end(data, at, end)
        field[BEGIN], field[END], field[KIND] = at, number_end, NUMBER
        return number_end
    field[BEGIN], field[END], field[KIND] = at, at, NULL
    if _stands(data, at, end, _NULL_WORD):
        return at + 4
    # A field that is wanted is never true or false; `field` of an unknown one is looked at by nobody.
    field[KIND] = NUMBER
    if _stands(data, at, end, _TRUE_WORD):
        return at + 4
    return at + 5 if _stands(data, at, end, _FALSE_WORD) else -1


@compiled
def _stands(data: Bytes, at: int, end: int, word: Bytes) -> bool:
    if at + len(word) > end:
        return False
    for place in range(len(word)):
        if data[at + place] != word[place]:
            return False
    return True


@compiled
def _number_end(data: Bytes, at: int, end: int) -> int:
    """Return where plain digits with or without a fraction end, or -1; what comes next is for the caller to judge."""
    begin = at
    while at < end and _ZERO <= data[at] <= _NINE:
        at += 1
    if data[begin] == _ZERO and at - begin > 1:
        return -1
    if at < end and data[at] == _POINT:
        begin = at + 1
        at += 1
        while at < end and _ZERO <= data[at] <= _NINE:
            at += 1
        if at == begin:
            return -1
    return at
