"""Keeps fetches apart: each is answered as soon as there is one record, and costs worker and broker a millisecond.

What follows a fetch costs more: a turn of every stage, however few records it has. So fetches keep apart by what turns
cost this worker, on this machine and at this load. Few records are not kept waiting for company; the more come, the
more of them share a turn: closer together, the turns alone would fill the processor, and all would wait for that.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Between fetches to one broker, at least and at most.
PACE_MIN_S, PACE_MAX_S = 0.004, 0.04
#: Between fetches, in turns: where they bring next to nothing, and from so many records on.
TURNS_FEW, TURNS_MANY = 1.5, 2.5
RECORDS_MANY = 10
#: How much a turn says about the next.
_NEWEST_SHARE = 0.1
#: Fetches that may go at once after a silence.
FETCHES_SAVED_MAX = 1


def pace_s(turn_s: float, records: float) -> float:
    """Return how far apart fetches should be that bring so many records, when a turn takes so much processor time.

    >>> [round(pace_s(0.008, records), 3) for records in (0, 5, 1_000)], pace_s(0, 0), pace_s(1, 0)
    ([0.012, 0.016, 0.02], 0.004, 0.04)
    """
    turns = TURNS_FEW + (TURNS_MANY - TURNS_FEW) * min(1.0, records / RECORDS_MANY)
    return min(PACE_MAX_S, max(PACE_MIN_S, turns * turn_s))


def no_clock() -> float:
    """Stand where a thread's time is not measured."""
    return 0.0


class Paced:
    """Sends fetches to a broker no faster than `pace_s`, once those saved up are used.

    `busy_s` gives the time that the thread which works on the records has been busy; without it the pace is the least.
    """

    def __init__(
        self, fetch: Callable[[Any, int, Any], Awaitable[bool]], busy_s: Callable[[], float] = no_clock
    ) -> None:
        self._fetch = fetch
        self._busy_s = busy_s
        self._busy_before_s = busy_s()
        self._due_s: dict[int, float] = {}
        self._turn_s = self._records = 0.0

    def brought(self, records: int) -> None:
        """Say how many records a fetch brought: what the thread did since the last that brought some was a turn."""
        busy_s = self._busy_s()
        self._turn_s += _NEWEST_SHARE * (busy_s - self._busy_before_s - self._turn_s)
        self._records += _NEWEST_SHARE * (records - self._records)
        self._busy_before_s = busy_s

    @property
    def pace_s(self) -> float:
        """How far apart fetches are now."""
        return pace_s(self._turn_s, self._records)

    async def __call__(self, assignment: Any, node: int, request: Any) -> bool:
        pace = self.pace_s
        now_s = time.monotonic()
        due_s = max(self._due_s.get(node, 0.0), now_s - FETCHES_SAVED_MAX * pace)
        self._due_s[node] = due_s + pace
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        return await self._fetch(assignment, node, request)
