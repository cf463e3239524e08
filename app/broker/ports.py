"""Ports on this machine: which are free, which are taken, and which Kafka answers on one."""

from __future__ import annotations

import secrets
import socket
import struct

from features.errors import BrokerError, PortTaken

HOST = "127.0.0.1"
# Below Linux's ephemeral range: no outgoing connection can sit on a port between a stop and the next start.
CANDIDATES = range(20_000, 32_000)
API_VERSIONS, METADATA = 18, 3
CORRELATION_ID = 7


def free_port() -> int:
    """Return a port that nothing listens on now."""
    for _ in range(1_000):
        port = secrets.choice(CANDIDATES)
        if _bind_error(port) is None:
            return port
    raise BrokerError(f"a free port is needed and none was found between {CANDIDATES.start} and {CANDIDATES.stop}")


def require_free(port: int) -> None:
    """Raise BrokerError, saying what to do, unless a server can be started on `port`."""
    error = _bind_error(port)
    if isinstance(error, PermissionError):
        raise BrokerError(
            f"port {port} needs rights that this user lacks: choose one above 1023 with --port"
        ) from error
    if error is not None:
        raise PortTaken(
            f"port {port} is taken by another program: stop it, or choose another port with --port"
        ) from error


def answers(port: int, timeout_s: float = 0.5) -> bool:
    """Return whether a Kafka broker on `port` answers a first request (ApiVersions); it does once it is fully up."""
    return _ask(port, API_VERSIONS, 0, b"", timeout_s) is not None


def cluster_id(port: int, timeout_s: float = 0.5) -> str | None:
    """Return the id of the cluster whose broker answers on `port`, None where no Kafka does (Metadata, version 2)."""
    reply = _ask(port, METADATA, 2, struct.pack(">i", 0), timeout_s)
    if reply is None:
        return None
    try:
        (brokers,), at = struct.unpack_from(">i", reply), 4
        for _ in range(brokers):
            at = _after_text(reply, at + 4) + 4  # its number, host and port
            at = _after_text(reply, at)  # its rack
        return reply[at + 2 : _after_text(reply, at)].decode() or None
    except (struct.error, UnicodeDecodeError):
        return None


def _ask(port: int, request: int, version: int, body: bytes, timeout_s: float) -> bytes | None:
    """Return the body of the answer to one request, None where nobody answers as Kafka does."""
    message = struct.pack(">hhih", request, version, CORRELATION_ID, -1) + body
    try:
        with socket.create_connection((HOST, port), timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(message)) + message)
            head = connection.recv(8, socket.MSG_WAITALL)
            if len(head) != 8 or struct.unpack(">ii", head)[1] != CORRELATION_ID:
                return None
            return connection.recv(struct.unpack(">ii", head)[0] - 4, socket.MSG_WAITALL)
    except OSError:
        return None


def _after_text(data: bytes, at: int) -> int:
    """Return where a text of Kafka's that begins at `at` ends; a missing one has length -1."""
    (length,) = struct.unpack_from(">h", data, at)
    return at + 2 + max(int(length), 0)


def _bind_error(port: int) -> OSError | None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: TIME_WAIT is no obstacle
        try:
            server.bind((HOST, port))
        except OSError as error:
            return error
    return None
