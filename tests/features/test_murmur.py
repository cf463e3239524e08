"""Kafka's partitioner is Kafka's: any key hashes as aiokafka's own port of it does."""

from __future__ import annotations

from aiokafka.partitioner import murmur2 as reference
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.murmur import murmur2


@settings(deadline=None)
@given(key=st.binary(max_size=40))
@example(b"")
def test_any_key_hashes_as_kafkas_clients_hash_it(key: bytes) -> None:
    """A payee found elsewhere than its bundles go would have two states."""
    assert murmur2(key) == reference(key)
