"""Bytes are read and written a word at a time: compiled and not, what is there is what byte by byte would be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.words import WORD_BYTES, get, load_word, put, store_word

ROOM = 40


@settings(deadline=None)  # the first call compiles
@given(st.integers(1, WORD_BYTES), st.integers(0, ROOM - WORD_BYTES), st.binary(min_size=ROOM, max_size=ROOM))
def test_a_value_is_read_from_its_bytes_alone(width: int, at: int, content: bytes) -> None:
    """Whatever stands behind them."""
    value = int.from_bytes(content[at : at + width], "little", signed=width == WORD_BYTES)
    assert get(np.frombuffer(content, np.uint8), at, width) == value


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.integers(1, WORD_BYTES), st.integers(-(2**63), 2**63 - 1)), max_size=4))
def test_values_put_one_behind_the_other_stay(values: list[tuple[int, int]]) -> None:
    """Each takes its width, and of a larger value the lowest bytes."""
    room = np.full(ROOM, 0xAA, np.uint8)
    at, expected = 0, b""
    for width, value in values:
        at = put(room, at, value, width)
        expected += (value % 2**64).to_bytes(WORD_BYTES, "little")[:width]
    assert at == len(expected)
    assert room[:at].tobytes() == expected


@pytest.mark.parametrize("word", [0, 1, -1, 2**63 - 1, -(2**63), 0x0102030405060708])
def test_compiled_words_are_those_of_plain_python(word: int) -> None:
    """Both where no processor would align them."""
    plain, compiled = np.zeros(ROOM, np.uint8), np.zeros(ROOM, np.uint8)
    store_word(plain, 3, word)
    put(compiled, 3, word, WORD_BYTES)
    assert plain.tobytes() == compiled.tobytes()
    assert load_word(plain, 3) == get(compiled, 3, WORD_BYTES) == word
