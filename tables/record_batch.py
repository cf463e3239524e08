"""A batch of Kafka records made in one go, for aiokafka's `send_batch`: its own builder takes them one by one.

aiokafka grows a byte array by an eighth whenever a record does not fit, so that each byte is copied many times over,
and makes an object for each record's place. `RecordBatch` has the methods of `BatchBuilder` that the producer calls.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

import numpy as np
from crc32c import crc32c

from features.kafka_records import RECORD_BYTES_MAX, write_records
from features.rooms import Room

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from features.pieces import Pieces

#: Base offset, length, leader epoch, version, checksum, attributes, last offset, first and last time, producer id and
#: epoch, first sequence, count (Kafka protocol guide, record batch).
_room = Room()
_HEAD = struct.Struct(">qiibIhiqqqhii")
_VERSION, _NO_EPOCH, _TRANSACTIONAL = 2, -1, 0x10
_LENGTH_FROM, _CHECKSUM_AT, _CHECKED_FROM = 12, 17, 21


class RecordBatch:
    """Records of one partition. Made by `batches`."""

    def __init__(self, data: bytearray, count: int, *, transactional: bool) -> None:
        self._data = data
        self._count = count
        self._attributes = _TRANSACTIONAL if transactional else 0
        self._stamp_ms = int(time.time() * 1000)
        self._producer = (-1, -1, 0)

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._producer = (producer_id, producer_epoch, base_sequence)

    def _build(self) -> bytearray:
        data, stamp_ms = self._data, self._stamp_ms
        last = self._count - 1
        producer_id, epoch, sequence = self._producer
        places = (self._attributes, last, stamp_ms, stamp_ms, producer_id, epoch, sequence, self._count)
        _HEAD.pack_into(data, 0, 0, len(data) - _LENGTH_FROM, _NO_EPOCH, _VERSION, 0, *places)
        struct.pack_into(">I", data, _CHECKSUM_AT, crc32c(memoryview(data)[_CHECKED_FROM:]))
        return data

    def close(self) -> None:
        """Nothing can be added."""

    def closed(self) -> bool:
        """Return that nothing can be added."""
        return True

    def size(self) -> int:
        """Return the bytes of the batch."""
        return len(self._data)

    def record_count(self) -> int:
        """Return how many records there are."""
        return self._count


def batches(groups: Sequence[tuple[Pieces, Pieces]], *, bytes_max: int, transactional: bool) -> Iterator[RecordBatch]:
    """Yield batches of the (keys, values) of all groups in their order; one record may be larger than `bytes_max`.

    >>> from features.pieces import Pieces
    >>> [batch.record_count() for batch in batches([(Pieces.of([b"k"] * 3), Pieces.of([b"v" * 99] * 3))],
    ...                                            bytes_max=300, transactional=False)]
    [2, 1]
    """
    sizes = [_sizes(*group) for group in groups]
    left, batch = sum(int(size.sum()) for size in sizes), None
    for (keys, values), size in zip(groups, sizes, strict=True):
        start = 0
        while start < len(size):
            if batch is None:
                batch = _Open(min(left, max(bytes_max, int(size[start]))))
            until = batch.add(keys, values, start)
            left -= int(size[start:until].sum())
            start = until
            if start < len(size):
                yield batch.close(transactional=transactional)
                batch = None
    if batch is not None:
        yield batch.close(transactional=transactional)


def _sizes(keys: Pieces, values: Pieces) -> NDArray[np.int64]:
    """Return the most that each record takes."""
    lengths: NDArray[np.int64] = np.maximum(keys.ends - keys.begins, 0) + np.maximum(values.ends - values.begins, 0)
    return lengths + RECORD_BYTES_MAX


class _Open:
    """A batch that is being written."""

    def __init__(self, room: int) -> None:
        self._room = _room.of(_HEAD.size + room)
        self._at = _HEAD.size
        self._count = 0

    def add(self, keys: Pieces, values: Pieces, start: int) -> int:
        """Write records from `start`, as many as fit; return how far it came."""
        until, self._at = write_records(*keys, *values, start, self._count, self._room, self._at)
        self._count += until - start
        return int(until)

    def close(self, *, transactional: bool) -> RecordBatch:
        return RecordBatch(bytearray(self._room[: self._at]), self._count, transactional=transactional)
