"""The event loop of a worker gives up a TLS connection that its other side does not close."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from app.event_loop import Loop
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
