"""Requests to produce: written in one go they are, to the byte, what aiokafka writes."""

from __future__ import annotations

from aiokafka.protocol.produce import ProduceRequest_v7
from hypothesis import given
from hypothesis import strategies as st

from app.transport.produce_request import encoded

BATCHES = st.lists(st.tuples(st.integers(0, 2**31 - 1), st.binary(max_size=50)), max_size=3)
TOPICS = st.lists(st.tuples(st.text(max_size=20), BATCHES), max_size=3)


@given(st.none() | st.text(max_size=20), st.sampled_from([-1, 0, 1]), st.integers(0, 2**31 - 1), TOPICS)
def test_a_request_is_what_aiokafka_writes(
    transactional_id: str | None, required_acks: int, timeout_ms: int, topics: list[tuple[str, list[tuple[int, bytes]]]]
) -> None:
    """Its own schema, asked for the same request, gives the same bytes."""
    theirs = ProduceRequest_v7.SCHEMA.encode([transactional_id, required_acks, timeout_ms, topics])

    assert encoded(transactional_id, required_acks, timeout_ms, topics) == theirs


@given(TOPICS)
def test_a_batch_may_be_what_can_be_written_to(topics: list[tuple[str, list[tuple[int, bytes]]]]) -> None:
    """Prahari's own batches are byte arrays."""
    writable = [(topic, [(at, bytearray(batch)) for at, batch in batches]) for topic, batches in topics]

    assert encoded(None, -1, 1, writable) == encoded(None, -1, 1, topics)
