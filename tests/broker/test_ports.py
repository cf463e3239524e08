"""Ports: free ones are found, taken ones named, and only Kafka's answer counts as Kafka."""

from __future__ import annotations

import socket
import threading

import pytest

from app.broker import ports
from features.errors import BrokerError


def test_a_free_port_can_be_listened_on() -> None:
    """Nothing else holds it."""
    with socket.create_server((ports.HOST, ports.free_port())):
        pass


def test_a_taken_port_is_named() -> None:
    """The message says which port, and that --port chooses another."""
    with socket.create_server((ports.HOST, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BrokerError, match=rf"port {port} is taken .* --port"):
            ports.require_free(port)


def test_no_listener_is_no_kafka() -> None:
    """A refused connection is an answer: not ready."""
    assert not ports.answers(ports.free_port())


GARBLED = b"\0\0\0\x0a\0\0\0\x07\0\0\0\x03\xff\xff"


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 400 Bad Request\r\n", GARBLED])
def test_another_server_is_no_kafka(reply: bytes) -> None:
    """A listener that speaks something else, or nothing, is not taken for the broker."""
    with socket.create_server((ports.HOST, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(64)
                connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()

        assert ports.cluster_id(server.getsockname()[1]) is None
        thread.join()
