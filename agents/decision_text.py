"""Writes decisions as JSON, a part of them in one go (compiled): the form is `agents.decision`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS, MINUTE_MS, SECOND_MS
from features.compiled import compiled
from features.text import write_number, write_row
from features.wire_spans import ID, PAYEE, PAYER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Numbers = NDArray[np.int64]

# The columns of the numbers of a decision. RULES and TIER are places in a table of texts.
TIME_MS, AMOUNT_PAISE, RULE_SCORE, RULES, RISK, TIER, LATE, OFFSET, SEQUENCE = range(9)
NUMBERS = 9

#: What a decision takes beside its texts and features: names of fields, numbers, punctuation.
FIXED_BYTES_MAX = 640

_QUOTE, _ESCAPE, _COMMA, _ZERO, _MINUS = b'"'[0], b"\\"[0], b","[0], b"0"[0], b"-"[0]


def _word(text: str) -> Bytes:
    return np.frombuffer(text.encode(), np.uint8)


_HEAD = _word('{"transaction_id":"')
_EVENT_TIME = _word('","event_time":"')
_PAYER = _word('+05:30","payer_vpa":"')
_PAYEE = _word('","payee_vpa":"')
_AMOUNT = _word('","amount":')
_PROBABILITY = _word(',"fraud_probability":')
_RULE_SCORE = _word(',"rule_score":')
_RULES = _word(',"rules":')
_RISK = _word(',"risk":')
_TIER = _word(',"risk_tier":"')
_FEATURES = _word(',"features":')
_TRUE, _FALSE = _word("true"), _word("false")
_OFFSET = _word(',"payer_offset":')
_PARTITION = _word(',"partition":')
_SEQUENCE = _word(',"sequence":')


class Texts(NamedTuple):
    """Texts one behind the other, and where each ends."""

    data: Bytes
    ends: Numbers

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> Texts:
        """Return these texts; at least one, which may be empty."""
        ends = np.fromiter(map(len, texts), np.int64, len(texts)).cumsum()
        return cls(np.frombuffer(b"".join(texts) or b"\0", np.uint8), ends)


@compiled
def put(room: Bytes, at: int, word: Bytes) -> int:
    """Write a word; return where it ends."""
    for place in range(len(word)):
        room[at + place] = word[place]
    return at + len(word)


@compiled
def put_piece(room: Bytes, at: int, data: Bytes, begin: int, end: int) -> int:
    """Write data[begin:end]; return where it ends."""
    for place in range(begin, end):
        room[at] = data[place]
        at += 1
    return at


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
    """Write a number with so many digits, zeros first."""
    for place in range(digits - 1, -1, -1):
        room[at + place] = _ZERO + value % 10
        value //= 10
    return at + digits


@compiled
def put_int(room: Bytes, at: int, value: int) -> int:
    """Write a whole number."""
    if value < 0:
        room[at] = _MINUS
        at += 1
        value = -value
    digits, rest = 1, value // 10
    while rest:
        digits, rest = digits + 1, rest // 10
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


@compiled
def write_decisions(  # noqa: PLR0917 - compiled code takes its arrays one by one
    numbers: Numbers,
    contents: Bytes,
    spans: Numbers,
    words: Bytes,
    word_ends: Numbers,
    probabilities: Bytes,
    beside: Bytes,
    beside_ends: Numbers,
    rows: NDArray[np.float64],
    decimals: NDArray[np.int8],
    hard: Bytes,
    versions: Bytes,
    partition: int,
    room: Bytes,
    ends: Numbers,
) -> None:
    """Write n decisions one behind the other.

    `words` are the texts that RULES and TIER name, `probabilities` n texts with a comma behind each, `beside` n texts
    or none, `rows` n rows or such of no width.
    """
    at = probability = text = 0
    for row in range(len(numbers)):
        number, span = numbers[row], spans[row]
        at = put(room, at, _HEAD)
        at = put_escaped(room, at, contents, span[ID], span[ID + 1])
        at = put(room, at, _EVENT_TIME)
        at = put_time(room, at, number[TIME_MS])
        at = put(room, at, _PAYER)
        at = put_piece(room, at, contents, span[PAYER], span[PAYER + 1])
        at = put(room, at, _PAYEE)
        at = put_piece(room, at, contents, span[PAYEE], span[PAYEE + 1])
        at = put(room, at, _AMOUNT)
        at = put_rupees(room, at, number[AMOUNT_PAISE])
        at = put(room, at, _PROBABILITY)
        while probabilities[probability] != _COMMA:
            room[at] = probabilities[probability]
            at, probability = at + 1, probability + 1
        probability += 1
        at = put_int(room, put(room, at, _RULE_SCORE), number[RULE_SCORE])
        at = put_text_of(room, put(room, at, _RULES), words, word_ends, number[RULES])
        at = put_int(room, put(room, at, _RISK), number[RISK])
        at = put_text_of(room, put(room, at, _TIER), words, word_ends, number[TIER])
        room[at] = _QUOTE
        at += 1
        if len(beside_ends):
            at = put_text_of(room, at, beside, beside_ends, row)
        if rows.shape[1]:
            at, text = write_row(rows[row], decimals[row], hard, text, room, put(room, at, _FEATURES))
        at = put(room, at, versions)
        at = put(room, at, _TRUE if number[LATE] else _FALSE)
        at = put_int(room, put(room, at, _OFFSET), number[OFFSET])
        at = put_int(room, put(room, at, _PARTITION), partition)
        at = put_int(room, put(room, at, _SEQUENCE), number[SEQUENCE])
        room[at] = b"}"[0]
        at += 1
        ends[row] = at
