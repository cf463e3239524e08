"""Writes Kafka's request to produce in one go: aiokafka copies every record six times, once for each level of it.

A payment puts out some 5 KB, so that those copies were a fifteenth of what it cost, and a request of 6 MB took as much
memory several times over. The layout is that of Produce, versions 3 to 8 (Kafka protocol guide).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from aiokafka.protocol.produce import ProduceRequest_v7

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD, _COUNT, _PARTITION = struct.Struct(">hii"), struct.Struct(">i"), struct.Struct(">ii")


def encoded(
    transactional_id: str | None,
    required_acks: int,
    timeout_ms: int,
    topics: Sequence[tuple[str, Sequence[tuple[int, bytes | bytearray]]]],
) -> bytes:
    """Return the request's bytes without its header: of each topic its partitions, of each partition its batch.

    >>> encoded(None, -1, 9, [("t", [(2, b"batch")])]).hex(" ", -4)
    'ffffffff 00000009 00000001 00017400 00000100 00000200 00000562 61746368'
    """
    pieces: list[bytes | bytearray] = [_text(transactional_id), _HEAD.pack(required_acks, timeout_ms, len(topics))]
    for topic, partitions in topics:
        pieces += _text(topic), _COUNT.pack(len(partitions))
        for partition, batch in partitions:
            pieces += _PARTITION.pack(partition, len(batch)), batch
    return b"".join(pieces)


def _text(text: str | None) -> bytes:
    data = b"" if text is None else text.encode()
    return struct.pack(">h", -1 if text is None else len(data)) + data


def _encode(request: Any) -> bytes:
    return encoded(request.transactional_id, request.required_acks, request.timeout, request.topics)


def register() -> None:
    """Let every producer of this process write its requests so."""
    ProduceRequest_v7.encode = _encode
