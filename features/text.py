"""Rows of numbers as JSON arrays, the same to the byte as `orjson` writes them, at a fifth of the cost.

Most features are whole numbers, or have at most three decimals (rupees, seconds): such a number's shortest text is its
own digits, which need no search. Only what has more goes through the general algorithm, all rows' at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from features.compiled import compiled, compiled_making_arrays
from features.pieces import cut
from features.words import store_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMALS_MAX = 3
_HARD, _MISSING = -1, -2
_LARGEST = 1e12
_CHARS_MAX = 26  # of any double, its comma included
_TEN = np.uint64(10)
_ZERO, _MINUS, _POINT, _COMMA = b"0"[0], b"-"[0], b"."[0], b","[0]
_OPEN, _CLOSE = b"["[0], b"]"[0]
# Words: what is not there, and the shortest of numbers, which most features are; its digit is added.
_NULL, _DIGIT = int.from_bytes(b"null", "little"), int.from_bytes(b"0.0", "little")


class Prepared(NamedTuple):
    """Rows of shape [n, w], how many decimals each number has, and the texts of those that have many."""

    rows: NDArray[np.float64]
    decimals: NDArray[np.int8]
    texts: NDArray[np.uint8]

    @property
    def bytes_max(self) -> int:
        """The most bytes that one row takes."""
        return int(self.rows.shape[1]) * _CHARS_MAX + 2


def prepare(rows: NDArray[np.float64]) -> Prepared:
    """Return rows ready for `write_row`, which takes them in order."""
    decimals = _all_decimals(rows)
    hard = orjson.dumps(rows[decimals == _HARD], option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return Prepared(rows, decimals, np.frombuffer(hard + b",", np.uint8))


def rows_json(rows: NDArray[np.float64]) -> list[bytes]:
    """Return n rows of shape [n, w], w > 0, as n JSON arrays; NaN is null.

    >>> rows_json(np.array([[1.0, 0.25, float("nan"), 1 / 3]]))
    [b'[1.0,0.25,null,0.3333333333333333]']
    """
    prepared = prepare(rows)
    room = np.empty(len(rows) * prepared.bytes_max, np.uint8)
    ends = np.empty(len(rows), np.int64)
    _write(*prepared, room, ends)
    return cut(room, ends)


@compiled
def _decimals(value: float) -> int:
    """Return how many decimals a number has, or _HARD for more than 3 or beyond the range of this module."""
    if not abs(value) < _LARGEST:
        return _HARD
    scale = 1.0
    for decimals in range(_DECIMALS_MAX + 1):
        if np.rint(value * scale) / scale == value:
            return decimals
        scale *= 10.0
    return _HARD


@compiled_making_arrays
def _all_decimals(rows: NDArray[np.float64]) -> NDArray[np.int8]:
    decimals = np.empty(rows.shape, np.int8)
    for row in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            value = rows[row, column]
            decimals[row, column] = _MISSING if np.isnan(value) else _decimals(value)
    return decimals


@compiled
def _write(
    rows: NDArray[np.float64],
    decimals: NDArray[np.int8],
    texts: NDArray[np.uint8],
    room: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> None:
    at = text = 0
    for row in range(rows.shape[0]):
        at, text = write_row(rows[row], decimals[row], texts, text, room, at)
        ends[row] = at


@compiled
def write_row(
    row: NDArray[np.float64],
    decimals: NDArray[np.int8],
    texts: NDArray[np.uint8],
    text: int,
    room: NDArray[np.uint8],
    at: int,
) -> tuple[int, int]:
    """Write a row as a JSON array; return where it ends, and where the next text stands.

    A number may write up to a word, where it needs less: `room` must hold `Prepared.bytes_max`.
    """
    room[at] = _OPEN
    at += 1
    for column in range(len(row)):
        value = row[column]
        if decimals[column] == _MISSING:
            store_word(room, at, _NULL)
            at += 4
        elif decimals[column] == 0 and 0 <= value < 10 and not np.signbit(value):
            store_word(room, at, _DIGIT + int(value))
            at += 3
        elif decimals[column] == _HARD:
            while texts[text] != _COMMA:
                room[at] = texts[text]
                at += 1
                text += 1
            text += 1
        else:
            at = write_number(value, decimals[column], room, at)
        room[at] = _COMMA
        at += 1
    room[at - 1] = _CLOSE
    return at, text


@compiled
def write_number(value: float, decimals: int, room: NDArray[np.uint8], at: int) -> int:
    """Write a number of so many decimals, with one at least; return where it ends."""
    decimals = max(int(decimals), 1)
    if np.signbit(value):
        room[at] = _MINUS
        at += 1
    scale, bound = 10.0, _TEN * _TEN
    for _ in range(1, decimals):
        scale *= 10.0
        bound *= _TEN
    # Unsigned: a division by ten is a multiplication then, and not looked at for its sign.
    digits = np.uint64(np.rint(abs(value) * scale))
    length = decimals + 2
    while digits >= bound:
        bound *= _TEN
        length += 1
    point = at + length - 1 - decimals
    for place in range(at + length - 1, at - 1, -1):
        if place == point:
            room[place] = _POINT
        else:
            room[place] = _ZERO + np.uint8(digits % _TEN)
            digits //= _TEN
    return at + length
