"""Sends Kafka's request to produce without copying its records: aiokafka copies each eight times on its way.

Its copies of a request of some MB took 2.4 us a KB in a loop of their own, and as much memory several times over. The
layout is that of Produce, versions 3 to 8 (Kafka protocol guide).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, cast

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.util import wait_for

from app.transport.produce_answer import Asked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Bytes = bytes | bytearray

#: From this version on a request has the layout that is written here.
VERSION_MIN = 3
_HEAD, _COUNT, _PARTITION = struct.Struct(">hii"), struct.Struct(">i"), struct.Struct(">ii")
_REQUEST, _LENGTH = struct.Struct(">hhi"), struct.Struct(">h")

_aiokafkas_send: Callable[..., Awaitable[Any]] = AIOKafkaConnection.send


def pieces(
    transactional_id: str | None,
    required_acks: int,
    timeout_ms: int,
    topics: Sequence[tuple[str, Sequence[tuple[int, Bytes]]]],
) -> list[Bytes]:
    """Return what a request consists of, without its header: of each topic its partitions, of each one its batch.

    >>> b"".join(pieces(None, -1, 9, [("t", [(2, b"batch")])])).hex(" ", -4)
    'ffffffff 00000009 00000001 00017400 00000100 00000200 00000562 61746368'
    """
    found: list[Bytes] = [_text(transactional_id) + _HEAD.pack(required_acks, timeout_ms, len(topics))]
    for topic, partitions in topics:
        found.append(_text(topic) + _COUNT.pack(len(partitions)))
        for partition, batch in partitions:
            found += _PARTITION.pack(partition, len(batch)), batch
    return found


def _text(text: str | None) -> bytes:
    data = b"" if text is None else text.encode()
    return _LENGTH.pack(-1 if text is None else len(data)) + data


def register() -> None:
    """Let every connection of this process send requests to produce so."""
    AIOKafkaConnection.send = _send


def _send(connection: Any, request: Any, expect_response: bool = True) -> Awaitable[Any]:
    """Do what `AIOKafkaConnection.send` does."""
    if not isinstance(request, ProduceRequest) or connection._writer is None:
        return _aiokafkas_send(connection, request, expect_response)
    prepared: Any = request.prepare(connection._versions)
    if prepared.API_VERSION < VERSION_MIN:
        return _aiokafkas_send(connection, request, expect_response)
    number = connection._next_correlation_id()
    asked = prepared.transactional_id, prepared.required_acks, prepared.timeout, prepared.topics
    header = _REQUEST.pack(prepared.API_KEY, prepared.API_VERSION, number) + _text(connection._client_id)
    message = [header, *pieces(*asked)]
    try:
        connection._writer.writelines([_COUNT.pack(sum(map(len, message))), *message])
    except OSError as exc:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {connection.host}:{connection.port} broken: {exc}") from exc
    if not expect_response:
        return cast("Awaitable[Any]", connection._writer.drain())
    answer = connection._loop.create_future()
    connection._requests.append((number, Asked(prepared.API_VERSION), answer))
    return cast("Awaitable[Any]", wait_for(answer, connection._request_timeout))
