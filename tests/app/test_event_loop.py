"""The event loop of a worker gives up TLS connections that are not closed, and says of lost ones that they are."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest

from app.event_loop import Loop
from app.transport import produce_request
from tests.app.test_secured import make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Far more than it takes and less than the 30 s of uvloop and asyncio.
LIMIT_S = 15.0


@contextmanager
def _deaf_server(context: ssl.SSLContext) -> Iterator[int]:
    """Serve one TLS connection without ever reading from it, as Kafka does while a request waits; give the port."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True):
            over.wait()

    with socket.create_server(("localhost", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


class _Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Give the loop of a worker."""
    created = Loop()
    yield created
    created.close()


def _contexts(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    pem, certificate = make_certificate(directory)
    (directory / "server.pem").write_text(pem)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(directory / "server.pem")
    return serving, ssl.create_default_context(cafile=str(certificate))


async def _connect_and_close(loop: Loop, port: int, context: ssl.SSLContext) -> None:
    transport, client = await loop.create_connection(_Client, "localhost", port, ssl=context)
    transport.close()
    await asyncio.wait_for(client.lost, LIMIT_S)


def test_a_tls_connection_that_the_other_side_does_not_close_is_given_up_soon(loop: Loop, tmp_path: Path) -> None:
    """For that is what aiokafka waits for when it stops."""
    serving, trusting = _contexts(tmp_path)
    with _deaf_server(serving) as port:
        loop.run_until_complete(_connect_and_close(loop, port, trusting))


async def _request_when_reset(connection: AIOKafkaConnection, reset: asyncio.Event, request: Any) -> None:
    """Ask again and again from before the connection is reset until aiokafka has seen that it is."""
    await connection.connect()
    connection._versions = {request.API_KEY: (0, 7)}
    reset.set()
    while connection.connected():
        asking = asyncio.ensure_future(connection.send(request))
        asking.add_done_callback(asyncio.Future.exception)
        await asyncio.sleep(0)


async def _reset_under_requests(request: Any) -> None:
    reset = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reset.wait()
        hard = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
        writer.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = AIOKafkaConnection("127.0.0.1", server.sockets[0].getsockname()[1])
        connection._do_version_lookup = _nothing
        with pytest.raises(KafkaConnectionError):
            await asyncio.wait_for(_request_when_reset(connection, reset, request), LIMIT_S)


async def _nothing() -> None:
    return


@pytest.mark.parametrize("request_", [MetadataRequest([]), ProduceRequest(None, -1, 9, [("t", [(0, b"batch")])])])
def test_what_is_written_to_a_connection_that_was_reset_is_an_error_that_aiokafka_expects(
    loop: Loop, request_: Any
) -> None:
    """It retries after a KafkaError; of anything else its task for metadata would end, and nobody would know."""
    produce_request.register()
    loop.run_until_complete(_reset_under_requests(request_))
