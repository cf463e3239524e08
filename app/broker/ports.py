"""Ports on this machine: which are free, which are taken, and whether Kafka answers on one."""

from __future__ import annotations

import secrets
import socket
import struct

from features.errors import BrokerError

HOST = "127.0.0.1"
# Below Linux's ephemeral range: no outgoing connection can sit on a port between a stop and the next start.
CANDIDATES = range(20_000, 32_000)
API_VERSIONS = 18
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
        raise BrokerError(
            f"port {port} is taken by another program: stop it, or choose another port with --port"
        ) from error


def answers(port: int, timeout_s: float = 0.5) -> bool:
    """Return whether a Kafka broker on `port` answers a first request (ApiVersions); it does once it is fully up."""
    body = struct.pack(">hhih", API_VERSIONS, 0, CORRELATION_ID, -1)
    try:
        with socket.create_connection((HOST, port), timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            reply = connection.recv(8, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(reply) == 8 and struct.unpack(">ii", reply)[1] == CORRELATION_ID


def _bind_error(port: int) -> OSError | None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: TIME_WAIT is no obstacle
        try:
            server.bind((HOST, port))
        except OSError as error:
            return error
    return None
