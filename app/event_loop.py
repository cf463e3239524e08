"""The event loop of a worker's threads: uvloop, which gives up a TLS connection that its other side does not close.

Kafka does not read from a connection while a request of it waits there (a fetch for records, a join for the other
members), so it does not answer that the connection is closed either, and aiokafka waits for that answer: a worker took
up to 30 s to stop, the limit of uvloop and asyncio alike.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop

TLS_CLOSE_S = 1.0


class Loop(uvloop.Loop):
    """uvloop with a limit of `TLS_CLOSE_S` for closing a TLS connection that it opened."""

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect as uvloop does."""
        if options.get("ssl"):
            options.setdefault("ssl_shutdown_timeout", TLS_CLOSE_S)
        return await super().create_connection(*args, **options)


class _Policy(uvloop.EventLoopPolicy):  # type: ignore[misc]  # it has no types
    def _loop_factory(self) -> Loop:
        return Loop()


def use() -> None:
    """Make every event loop of this process such a `Loop`; call it before any is made."""
    asyncio.set_event_loop_policy(_Policy())
