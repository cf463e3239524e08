"""Gathers payments of `/score` and appends them together, as far apart as fetches are.

Each append by itself costs worker and broker a request, and a payment that is there sooner only waits for its turn, in
the log instead of here: a fetch that keeps the same pace finds what was gathered.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from agents.ports import Outgoing


class Outbox:
    """`send` returns when the brokers have what it is given; `pace_s` says how far apart it should be called."""

    def __init__(self, send: Callable[[Sequence[Outgoing]], Awaitable[None]], pace_s: Callable[[], float]) -> None:
        self._send = send
        self._pace_s = pace_s
        self._waiting: list[Outgoing] = []
        self._next: asyncio.Task[None] | None = None
        self._sent_at_s = 0.0

    async def put(self, output: Outgoing) -> None:
        """Append a record with others; returns when the brokers have it, or raises why they have not."""
        self._waiting.append(output)
        if self._next is None:
            self._next = asyncio.create_task(self._send_next(), name="outbox")
        await asyncio.shield(self._next)  # who gives up takes back nothing, least of all what others wait for

    async def _send_next(self) -> None:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._sent_at_s + self._pace_s() - clock()))
        self._sent_at_s = clock()
        outputs, self._waiting, self._next = self._waiting, [], None
        await self._send(outputs)
