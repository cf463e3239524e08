"""The values of a payment's fields, from ASCII to what is kept: the compiled twin of `features.fields`.

Each function returns -1 (or False) for what it does not read, be it wrong or unusual: `features.fields` judges that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from features.compiled import compiled
from features.fields import AMOUNT_PAISE_MAX, EVENT_TIME_MS_MAX, VPA_CHARS_MAX

if TYPE_CHECKING:
    from features.wire_json import Bytes

_ZERO, _NINE, _POINT, _DASH, _UNDERLINE = b"0"[0], b"9"[0], b"."[0], b"-"[0], b"_"[0]
_A, _Z, _LOWER_A, _LOWER_Z, _AT = b"A"[0], b"Z"[0], b"a"[0], b"z"[0], b"@"[0]
_PLUS, _COLON, _LOWER_T, _T, _SPACE = b"+"[0], b":"[0], b"t"[0], b"T"[0], b" "[0]
_CASE = _LOWER_A - _A
_RUPEE_DIGITS_MAX, _FRACTION_DIGITS_MAX = 11, 2
_TIME_CHARS_MIN, _SECOND_FRACTION_DIGITS_MAX, _TIME_DIGITS_MAX = 20, 9, 13
_MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


@compiled
def is_digit(byte: int) -> bool:
    """Tell whether a byte is 0 to 9."""
    return bool(_ZERO <= byte <= _NINE)


@compiled
def lower(byte: int) -> int:
    """Return a letter in lower case, and any other byte as it is."""
    return byte + _CASE if _A <= byte <= _Z else byte


@compiled
def upper(byte: int) -> int:
    """Return a letter in upper case, and any other byte as it is."""
    return byte - _CASE if _LOWER_A <= byte <= _LOWER_Z else byte


@compiled
def is_vpa(data: Bytes, begin: int, end: int) -> bool:
    """Tell whether a text is name@handle of the characters allowed."""
    if not 0 < end - begin <= VPA_CHARS_MAX:
        return False
    handle = -1
    for at in range(begin, end):
        byte = data[at]
        if byte == _AT:
            if handle >= 0:
                return False
            handle = at
        elif byte == _UNDERLINE:
            if handle >= 0:
                return False
        elif not (_LOWER_A <= lower(byte) <= _LOWER_Z or is_digit(byte) or byte in (_POINT, _DASH)):
            return False
    return bool(begin < handle < end - 1)


@compiled
def to_number(data: Bytes, begin: int, end: int) -> int:
    """Return digits, at least one, as a number, or -1."""
    if begin >= end:
        return -1
    number = 0
    for at in range(begin, end):
        if not is_digit(data[at]):
            return -1
        number = number * 10 + (int(data[at]) - _ZERO)
    return number


@compiled
def to_paise(data: Bytes, begin: int, end: int) -> int:
    """Return rupees with at most two decimals in paise, or -1."""
    point = begin
    while point < end and data[point] != _POINT:
        point += 1
    if point - begin > _RUPEE_DIGITS_MAX:
        return -1
    rupees, fraction = to_number(data, begin, point), 0
    if point < end:
        digits = end - point - 1
        if digits > _FRACTION_DIGITS_MAX:
            return -1
        fraction = to_number(data, point + 1, end) * (10 if digits == 1 else 1)
    if rupees < 0 or fraction < 0:
        return -1
    paise = rupees * 100 + fraction
    return paise if 0 < paise <= AMOUNT_PAISE_MAX else -1


@compiled
def to_epoch_ms(data: Bytes, begin: int, end: int) -> int:
    """Return a number of milliseconds, or -1."""
    if end - begin > _TIME_DIGITS_MAX:
        return -1
    time_ms = to_number(data, begin, end)
    return time_ms if time_ms < EVENT_TIME_MS_MAX else -1


@compiled
def to_time_ms(data: Bytes, begin: int, end: int) -> int:
    """Return RFC 3339 text (2026-01-01T05:30:00.123+05:30, or Z) as epoch ms, or -1."""
    if end - begin < _TIME_CHARS_MIN or data[begin + 13] != _COLON or data[begin + 16] != _COLON:
        return -1
    if data[begin + 10] not in (_T, _LOWER_T, _SPACE):
        return -1
    days = _days(data, begin)
    hour, minute = to_number(data, begin + 11, begin + 13), to_number(data, begin + 14, begin + 16)
    second = to_number(data, begin + 17, begin + 19)
    if days < 0 or not 0 <= hour < 24 or not 0 <= minute < 60 or not 0 <= second < 60:
        return -1
    millis, at = 0, begin + 19
    if data[at] == _POINT:
        first = at + 1
        at = first
        while at < end and is_digit(data[at]):
            at += 1
        if not 0 < at - first <= _SECOND_FRACTION_DIGITS_MAX:
            return -1
        for place in range(3):
            millis = millis * 10 + (int(data[first + place]) - _ZERO if first + place < at else 0)
    offset_ms = _offset_ms(data, at, end)
    time_ms = days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + millis - offset_ms
    return time_ms if offset_ms > -DAY_MS and 0 <= time_ms < EVENT_TIME_MS_MAX else -1


@compiled
def _days(data: Bytes, begin: int) -> int:
    """Return the days since 1970-01-01 of a date YYYY-MM-DD, or -1 (Hinnant, chrono-compatible date algorithms)."""
    year, month = to_number(data, begin, begin + 4), to_number(data, begin + 5, begin + 7)
    day = to_number(data, begin + 8, begin + 10)
    if data[begin + 4] != _DASH or data[begin + 7] != _DASH or year < 1970 or not 1 <= month <= 12:
        return -1
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _MONTH_DAYS[month - 1] + leap:
        return -1
    # The year begins in March, so that what a leap year adds comes last.
    years = year - (month <= 2)
    era = years // 400
    of_era = years - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@compiled
def _offset_ms(data: Bytes, at: int, end: int) -> int:
    """Return the offset that ends a time, Z or +hh:mm, or -1 d for what is none."""
    if end - at == 1 and upper(data[at]) == b"Z"[0]:
        return 0
    if end - at != 6 or data[at + 3] != _COLON or data[at] not in (_PLUS, _DASH):
        return -DAY_MS
    hours, minutes = to_number(data, at + 1, at + 3), to_number(data, at + 4, at + 6)
    if not 0 <= hours < 24 or not 0 <= minutes < 60:
        return -DAY_MS
    offset_ms = hours * HOUR_MS + minutes * MINUTE_MS
    return offset_ms if data[at] == _PLUS else -offset_ms
