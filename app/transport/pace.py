"""Keeps fetches apart: each is answered as soon as there is one record, and costs worker and broker a millisecond.

What follows a fetch costs more: a part of each stage for each partition that it brought records of, however few. So the
more records come, the longer fetches wait for company: few a second are not kept waiting, many share a turn.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Between fetches to one broker with nothing to bring and with much, and how many records are much.
PACE_MIN_S, PACE_MAX_S = 0.01, 0.04
RECORDS_MUCH = 30
#: Fetches that may go at once after a silence.
FETCHES_SAVED_MAX = 1


def pace_s(records: float) -> float:
    """Return how far apart fetches that bring so many records should be.

    >>> [round(pace_s(records), 3) for records in (0, 15, 1_000)]
    [0.01, 0.025, 0.04]
    """
    return min(PACE_MAX_S, PACE_MIN_S + (PACE_MAX_S - PACE_MIN_S) * records / RECORDS_MUCH)


class Paced:
    """Sends fetches to a broker no faster than `pace_s`, once those saved up are used."""

    def __init__(self, fetch: Callable[[Any, int, Any], Awaitable[bool]]) -> None:
        self._fetch = fetch
        self._due_s: dict[int, float] = {}
        self._records = 0.0

    def brought(self, records: int) -> None:
        """Say how many records a fetch brought."""
        self._records += 0.2 * (records - self._records)

    async def __call__(self, assignment: Any, node: int, request: Any) -> bool:
        pace = pace_s(self._records)
        now_s = time.monotonic()
        due_s = max(self._due_s.get(node, 0.0), now_s - FETCHES_SAVED_MAX * pace)
        self._due_s[node] = due_s + pace
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        return await self._fetch(assignment, node, request)
