"""The event loop of a worker's threads: uvloop, put right in two places where Kafka's client meets it.

Kafka does not read from a connection while a request of it waits there (a fetch for records, a join for the other
members), so it does not answer that the connection is closed either, and aiokafka waits for that answer: a worker took
up to 30 s to stop, the limit of uvloop and asyncio alike.

Where asyncio takes what is written to a lost connection and drops it, uvloop raises RuntimeError, for which aiokafka is
not prepared. What asks for metadata in it ended of that, and all who wait for metadata waited for ever: a worker whose
Kafka had been away did not stop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer

TLS_CLOSE_S = 1.0


class Transport:
    """A connection of uvloop whose writing says as asyncio's errors do that it is lost: by an OSError."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._write, self._write_lines = connection.write, connection.writelines

    def write(self, data: Buffer) -> None:
        """Send data; raises ConnectionResetError where the connection is lost."""
        try:
            self._write(data)
        except RuntimeError as exc:
            raise _reset(exc) from exc

    def writelines(self, pieces: Iterable[Buffer]) -> None:
        """Send data that is in pieces, as `write` does."""
        try:
            self._write_lines(pieces)
        except RuntimeError as exc:
            raise _reset(exc) from exc

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _reset(error: RuntimeError) -> ConnectionResetError:
    return ConnectionResetError(f"needed a connection to write to, got: {error}")


class Loop(uvloop.Loop):
    """uvloop with a limit of `TLS_CLOSE_S` for closing a TLS connection that it opened, and `Transport` for its own."""

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect as uvloop does."""
        if options.get("ssl"):
            options.setdefault("ssl_shutdown_timeout", TLS_CLOSE_S)
        connection, protocol = await super().create_connection(*args, **options)
        return Transport(connection), protocol


class _Policy(uvloop.EventLoopPolicy):  # type: ignore[misc]  # it has no types
    def _loop_factory(self) -> Loop:
        return Loop()


def use() -> None:
    """Make every event loop of this process such a `Loop`; call it before any is made."""
    asyncio.set_event_loop_policy(_Policy())
