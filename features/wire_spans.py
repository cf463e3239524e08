"""Finds the texts that stages need in the msgpack of payments and verdicts, without making objects of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.wire_json import Bytes

# The columns: begin and end of each text.
ID, PAYER, PAYEE = 0, 2, 4
SPANS = 6

_TEXT_31, _TEXT_31_LAST, _TEXT_255, _TEXT_65535 = 0xA0, 0xBF, 0xD9, 0xDA
_UINT_8, _UINT_64 = 0xCC, 0xCF


def text_spans(contents: Bytes, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the texts of n contents, one behind the other, stand: shape [n, SPANS].

    >>> import msgspec
    >>> from features.transaction import Transaction
    >>> content = np.frombuffer(msgspec.msgpack.encode(Transaction("t1", 1000, 100, "a@x", "b@y")), np.uint8)
    >>> [bytes(content[begin:end]) for begin, end in text_spans(content, np.array([len(content)])).reshape(-1, 2)]
    [b't1', b'a@x', b'b@y']
    """
    spans = np.empty((len(ends), SPANS), np.int64)
    find_spans(contents, ends, spans)
    return spans


@compiled
def find_spans(contents: Bytes, ends: NDArray[np.int64], spans: NDArray[np.int64]) -> None:
    """Put down where the texts of contents stand, one behind the other."""
    begin = 0
    for at in range(len(ends)):
        place = _find_text(contents, begin + 1, spans[at], ID)  # behind the head of the array
        place = _skip_int(contents, _skip_int(contents, place))  # the time and the amount
        place = _find_text(contents, place, spans[at], PAYER)
        _find_text(contents, place, spans[at], PAYEE)
        begin = ends[at]


@compiled
def _find_text(contents: Bytes, at: int, span: NDArray[np.int64], column: int) -> int:
    head = contents[at]
    if _TEXT_31 <= head <= _TEXT_31_LAST:
        begin, length = at + 1, np.int64(head) - _TEXT_31
    elif head == _TEXT_255:
        begin, length = at + 2, np.int64(contents[at + 1])
    else:
        begin, length = at + 3, np.int64(contents[at + 1]) * 256 + np.int64(contents[at + 2])
    span[column], span[column + 1] = begin, begin + length
    return int(begin + length)


@compiled
def _skip_int(contents: Bytes, at: int) -> int:
    head = contents[at]
    size = 1 << (np.int64(head) - _UINT_8) if _UINT_8 <= head <= _UINT_64 else 0
    return int(at + 1 + size)
