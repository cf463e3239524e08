"""Answers to requests to produce: read at once they are, value for value, what aiokafka reads."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.protocol import produce
from hypothesis import given
from hypothesis import strategies as st

from app.transport.produce_answer import Asked, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable

INT16, INT32, INT64 = (st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (16, 32, 64))
TEXT = st.text(max_size=9)
ERRORS = st.lists(st.tuples(INT32, TEXT | st.none()), max_size=3)


@pytest.mark.parametrize("version", range(3, 9))
@given(data=st.data())
def test_an_answer_reads_as_aiokafka_reads_it(version: int, data: st.DataObject) -> None:
    """Of every version that a request is sent in, with its header."""
    draw: Callable[[Any], Any] = data.draw
    fields = [INT32, INT16, INT64, INT64, *[INT64] * (version >= 5), *[ERRORS, TEXT | st.none()] * (version >= 8)]
    topics = draw(st.lists(st.tuples(TEXT, st.lists(st.tuples(*fields), max_size=3)), max_size=3))
    theirs: Any = getattr(produce, f"ProduceResponse_v{version}")
    encoded = theirs.SCHEMA.encode([topics, 0])

    answer = read_answer(version, encoded)
    assert answer.topics == theirs.decode(BytesIO(encoded)).topics == topics
    assert theirs.API_VERSION == answer.API_VERSION

    asked, whole = Asked(version), BytesIO(b"\0\0\0\x07" + encoded)
    assert asked.parse_response_header(whole).correlation_id == 7
    assert asked.RESPONSE_TYPE.decode(whole) == answer
