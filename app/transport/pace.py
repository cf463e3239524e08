"""Keeps fetches apart: each is answered as soon as there is one record, and costs worker and broker a millisecond."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Fetches to one broker: one per pace, and as many at once as were saved up.
FETCH_PACE_S = 0.01
FETCHES_SAVED_MAX = 5


class Paced:
    """Sends fetches to a broker no faster than one per `FETCH_PACE_S`, once those saved up are used.

    Under some hundred records a second each would come by itself, and worker and broker would do nothing else.
    """

    def __init__(self, fetch: Callable[[Any, int, Any], Awaitable[bool]]) -> None:
        self._fetch = fetch
        self._due_s: dict[int, float] = {}

    async def __call__(self, assignment: Any, node: int, request: Any) -> bool:
        now_s = time.monotonic()
        due_s = max(self._due_s.get(node, 0.0), now_s - FETCHES_SAVED_MAX * FETCH_PACE_S)
        self._due_s[node] = due_s + FETCH_PACE_S
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        return await self._fetch(assignment, node, request)
