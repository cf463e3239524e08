"""Writes decisions as JSON, a part of them in one go (compiled): the form is `agents.decision`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled
from features.text import write_row
from features.text_pieces import put, put_escaped, put_int, put_piece, put_rupees, put_text_of, put_time
from features.wire_spans import ID, PAYEE, PAYER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Numbers = NDArray[np.int64]

# The columns of the numbers of a decision. RULES and TIER are places in a table of texts.
TIME_MS, AMOUNT_PAISE, RULE_SCORE, RULES, RISK, TIER, LATE, OFFSET, PARTITION, SEQUENCE = range(10)
NUMBERS = 10

#: What a decision takes beside its texts and features: names of fields, numbers, punctuation.
FIXED_BYTES_MAX = 640

_QUOTE, _COMMA, _CLOSE = b'"'[0], b","[0], b"}"[0]


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
    room: Bytes,
    ends: Numbers,
) -> None:
    """Write n decisions one behind the other.

    `words` are the texts that RULES and TIER name, `probabilities` n texts with a comma behind each, `beside` n texts
    or none, `rows` n rows or such of no width.
    """
    at = probability = text = 0
    for row in range(len(numbers)):
        number = numbers[row]
        at = _put_payment(room, at, contents, spans[row], number)
        at = put(room, at, _PROBABILITY)
        while probabilities[probability] != _COMMA:
            room[at] = probabilities[probability]
            at, probability = at + 1, probability + 1
        probability += 1
        at = _put_verdict(room, at, words, word_ends, number)
        if len(beside_ends):
            at = put_text_of(room, at, beside, beside_ends, row)
        if rows.shape[1]:
            at, text = write_row(rows[row], decimals[row], hard, text, room, put(room, at, _FEATURES))
        at = _put_place(room, put(room, at, versions), number)
        ends[row] = at


@compiled
def _put_payment(room: Bytes, at: int, contents: Bytes, span: Numbers, number: Numbers) -> int:
    """Write how a decision begins: the payment."""
    at = put_escaped(room, put(room, at, _HEAD), contents, span[ID], span[ID + 1])
    at = put_time(room, put(room, at, _EVENT_TIME), number[TIME_MS])
    at = put_piece(room, put(room, at, _PAYER), contents, span[PAYER], span[PAYER + 1])
    at = put_piece(room, put(room, at, _PAYEE), contents, span[PAYEE], span[PAYEE + 1])
    return put_rupees(room, put(room, at, _AMOUNT), number[AMOUNT_PAISE])


@compiled
def _put_verdict(room: Bytes, at: int, words: Bytes, word_ends: Numbers, number: Numbers) -> int:
    """Write what rules and risk say."""
    at = put_int(room, put(room, at, _RULE_SCORE), number[RULE_SCORE])
    at = put_text_of(room, put(room, at, _RULES), words, word_ends, number[RULES])
    at = put_int(room, put(room, at, _RISK), number[RISK])
    at = put_text_of(room, put(room, at, _TIER), words, word_ends, number[TIER])
    room[at] = _QUOTE
    return at + 1


@compiled
def _put_place(room: Bytes, at: int, number: Numbers) -> int:
    """Write how a decision ends: whether it is late, and where it stands."""
    at = put(room, at, _TRUE if number[LATE] else _FALSE)
    at = put_int(room, put(room, at, _OFFSET), number[OFFSET])
    at = put_int(room, put(room, at, _PARTITION), number[PARTITION])
    at = put_int(room, put(room, at, _SEQUENCE), number[SEQUENCE])
    room[at] = _CLOSE
    return at + 1
