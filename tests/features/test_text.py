"""Rows as JSON, byte for byte what the general encoder writes."""

from __future__ import annotations

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from features.text import rows_json

_numbers = st.one_of(
    st.floats(),
    st.integers(-(10**15), 10**15).map(float),
    st.integers(-(10**9), 10**9).map(lambda paise: paise / 100),
    st.integers(0, 10**13).map(lambda ms: ms / 1000),
    st.sampled_from([0.0, -0.0, 0.1, 0.001, 0.0005, 1e12, 999_999_999_999.999, 1e15, 1e16, 1e22, 5e-324, 1 / 3]),
)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 4), st.data())
def test_rows_are_written_as_the_general_encoder_writes_them(width: int, data: st.DataObject) -> None:
    """Whole numbers, rupees, milliseconds, and whatever else a double can be."""
    rows = np.array(data.draw(st.lists(st.lists(_numbers, min_size=width, max_size=width), min_size=1, max_size=5)))

    assert rows_json(rows) == [orjson.dumps(row) for row in rows.tolist()]


def test_numbers_around_those_of_one_digit_are_written_alike() -> None:
    """Most features are such: they are written by a way of their own, within a row and at its end."""
    numbers = [sign * number for number in range(13) for sign in (1.0, -1.0)] + [float("nan"), 9.5, 0.5]
    for row in ([number, other] for number in numbers for other in numbers):
        assert rows_json(np.array([row, row])) == [orjson.dumps(row)] * 2


def test_no_rows_are_no_texts() -> None:
    """As a part without payments has it."""
    assert rows_json(np.empty((0, 3))) == []
