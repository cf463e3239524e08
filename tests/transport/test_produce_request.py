"""Requests to produce: sent in pieces they are, to the byte, what aiokafka sends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7
from hypothesis import given
from hypothesis import strategies as st

from app.event_loop import Loop
from app.transport import produce_request
from app.transport.produce_request import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCHES = st.lists(st.tuples(st.integers(0, 2**31 - 1), st.binary(max_size=50)), max_size=3)
TOPICS = st.lists(st.tuples(st.text(max_size=20), BATCHES), max_size=3)
LIMIT_S = 20.0


@given(st.none() | st.text(max_size=20), st.sampled_from([-1, 0, 1]), st.integers(0, 2**31 - 1), TOPICS)
def test_the_pieces_are_what_aiokafka_writes(
    transactional_id: str | None, required_acks: int, timeout_ms: int, topics: list[tuple[str, list[tuple[int, bytes]]]]
) -> None:
    """Its own schema, asked for the same request, gives the same bytes."""
    theirs = ProduceRequest_v7.SCHEMA.encode([transactional_id, required_acks, timeout_ms, topics])

    assert b"".join(pieces(transactional_id, required_acks, timeout_ms, topics)) == theirs


async def _sent_by(send: Callable[..., Any], request: ProduceRequest, version: int) -> bytes:
    """Return what a server is sent by a connection to a Kafka that knows the request up to a version."""
    received = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = await reader.readexactly(4)
        received.set_result(size + await reader.readexactly(int.from_bytes(size)))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = AIOKafkaConnection("127.0.0.1", server.sockets[0].getsockname()[1])
        connection._do_version_lookup = _nothing
        await connection.connect()
        connection._versions = {ProduceRequest.API_KEY: (0, version)}
        asking = asyncio.ensure_future(send(connection, request))
        data = await asyncio.wait_for(received, LIMIT_S)
        await asyncio.wait({asking}, timeout=LIMIT_S)
        asking.exception()  # the server goes without an answer
        connection.close()
    return bytes(data)


async def _nothing() -> None:
    return


@pytest.fixture(params=[asyncio.new_event_loop, Loop], ids=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[asyncio.AbstractEventLoop]:
    """Give an event loop of either kind: a worker's, and what other commands run in."""
    one = request.param()
    yield one
    one.run_until_complete(one.shutdown_default_executor())
    one.close()


@pytest.mark.parametrize("version", [0, 3, 7])
def test_a_kafka_is_sent_the_same_bytes(loop: asyncio.AbstractEventLoop, version: int) -> None:
    """More of them than a connection takes at once, for any version of the request that it may know."""
    batches = [(partition, bytearray([partition]) * 3_000_000) for partition in range(3)]
    request = ProduceRequest(None, -1, 9_000, [("decisions", batches), ("candidates", [(0, b"run")])])
    theirs = loop.run_until_complete(_sent_by(produce_request._aiokafkas_send, request, version))

    assert loop.run_until_complete(_sent_by(produce_request._send, request, version)) == theirs
