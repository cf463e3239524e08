"""Batches made in one go are read by Kafka's own rules as the records that went in."""

from __future__ import annotations

from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from features.pieces import Pieces
from tables.record_batch import RecordBatch, batches

TEXTS = st.one_of(st.none(), st.binary(max_size=300))
RECORDS = st.lists(st.tuples(TEXTS, TEXTS), max_size=30)


def read(batch: RecordBatch) -> list[tuple[int, bytes | None, bytes | None]]:
    """Return offsets, keys and values as a consumer reads them; the checksum must hold."""
    records = MemoryRecords(bytes(batch._build()))
    found = []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        assert one.is_transactional
        assert (one.producer_id, one.producer_epoch, one.base_offset) == (7, 3, 0)
        found += [(record.offset, record.key, record.value) for record in one]
    return found


@settings(max_examples=200, deadline=None)
@given(groups=st.lists(RECORDS, max_size=4), bytes_max=st.integers(100, 4_000))
def test_what_goes_in_comes_out(groups: list[list[tuple[bytes | None, bytes | None]]], bytes_max: int) -> None:
    """Nulls and empties too, over as many batches as the limit makes; none larger, but for a single large record."""
    pieces = [(Pieces.of([key for key, _ in one]), Pieces.of([value for _, value in one])) for one in groups]
    made = list(batches(pieces, bytes_max=bytes_max, transactional=True))

    found = []
    for batch in made:
        batch._set_producer_state(7, 3, 0)
        records = read(batch)
        assert [offset for offset, _, _ in records] == list(range(batch.record_count()))
        assert len(records) == 1 or batch.size() <= 61 + bytes_max
        assert batch.size() == len(batch._build())
        found += [(key, value) for _, key, value in records]
    assert found == [record for one in groups for record in one]


def test_a_batch_that_is_sent_again_is_the_same() -> None:
    """The producer builds anew for a second try; only its own numbers may differ."""
    one = next(batches([(Pieces.of([b"k"] * 3), Pieces.of([b"v"] * 3))], bytes_max=900, transactional=True))
    one._set_producer_state(7, 3, 0)
    assert read(one) == read(one)
