"""Writes the pieces that JSON is made of into a row of bytes (compiled): words, texts, numbers, times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS, MINUTE_MS, SECOND_MS
from features.compiled import compiled
from features.text import write_number
from features.words import copy_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Numbers = NDArray[np.int64]

_TEN = np.uint64(10)
_DIGITS_MAX = 19  # of 64 bits with a sign
_QUOTE, _ESCAPE, _ZERO, _MINUS = b'"'[0], b"\\"[0], b"0"[0], b"-"[0]


@compiled
def put(room: Bytes, at: int, word: Bytes) -> int:
    """Write a word; return where it ends."""
    return put_piece(room, at, word, 0, len(word))


@compiled
def put_piece(room: Bytes, at: int, data: Bytes, begin: int, end: int) -> int:
    """Write data[begin:end]; return where it ends."""
    copy_bytes(room, at, data, begin, end - begin)
    return at + end - begin


@compiled
def put_text_of(room: Bytes, at: int, texts: Bytes, ends: Numbers, which: int) -> int:
    """Write one of several texts; return where it ends."""
    return put_piece(room, at, texts, ends[which - 1] if which else 0, ends[which])


@compiled
def put_escaped(room: Bytes, at: int, data: Bytes, begin: int, end: int) -> int:
    """Write a text that has no control characters as JSON has it, without its quotes."""
    for place in range(begin, end):
        byte = data[place]
        if byte in (_QUOTE, _ESCAPE):
            room[at] = _ESCAPE
            at += 1
        room[at] = byte
        at += 1
    return at


@compiled
def put_digits(room: Bytes, at: int, value: int, digits: int) -> int:
    """Write a number, not below 0, with so many digits, zeros first."""
    rest = np.uint64(value)
    for place in range(digits - 1, -1, -1):
        room[at + place] = _ZERO + np.uint8(rest % _TEN)
        rest //= _TEN
    return at + digits


@compiled
def put_int(room: Bytes, at: int, value: int) -> int:
    """Write a whole number."""
    if value < 0:
        room[at] = _MINUS
        at += 1
        value = -value
    digits, bound, whole = 1, _TEN, np.uint64(value)
    while whole >= bound and digits < _DIGITS_MAX:
        digits, bound = digits + 1, bound * _TEN
    return put_digits(room, at, value, digits)


@compiled
def put_rupees(room: Bytes, at: int, paise: int) -> int:
    """Write paise as rupees in the shortest form of a number with a point."""
    decimals = 2 if paise % 10 else 1
    return write_number(paise / 100, decimals, room, at)


@compiled
def put_time(room: Bytes, at: int, time_ms: int) -> int:
    """Write a time in India, YYYY-MM-DDThh:mm:ss.mmm (the date by Hinnant's days-to-civil)."""
    local_ms = time_ms + IST_OFFSET_MS
    days, rest = local_ms // DAY_MS + 719468, local_ms % DAY_MS
    of_era = days % 146097
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + days // 146097 * 400 + (month <= 2)
    at = put_digits(room, at, year, 4)
    room[at] = b"-"[0]
    at = put_digits(room, at + 1, month, 2)
    room[at] = b"-"[0]
    at = put_digits(room, at + 1, of_year - (153 * march_month + 2) // 5 + 1, 2)
    room[at] = b"T"[0]
    at = put_digits(room, at + 1, rest // HOUR_MS, 2)
    room[at] = b":"[0]
    at = put_digits(room, at + 1, rest // MINUTE_MS % 60, 2)
    room[at] = b":"[0]
    at = put_digits(room, at + 1, rest // SECOND_MS % 60, 2)
    room[at] = b"."[0]
    return put_digits(room, at + 1, rest % SECOND_MS, 3)
