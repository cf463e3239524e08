"""Keeps fetches apart: each is answered as soon as there is one record, and costs worker and broker a millisecond.

What follows a fetch costs more: a turn of every stage, however few records it has. So fetches keep apart by what turns
cost this worker, on this machine and at this load. Closer together they would bring fewer records each, until the
turns alone fill the processor: with three quarters of it for turns, payments waited twice as long as with two fifths.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Between fetches to one broker, at least and at most.
PACE_MIN_S, PACE_MAX_S = 0.004, 0.04
#: How much of its time the worker's thread may be busy with turns, and how much a turn says about the next.
BUSY_SHARE = 0.4
_NEWEST_SHARE = 0.1
#: Fetches that may go at once after a silence.
FETCHES_SAVED_MAX = 1


def pace_s(turn_s: float) -> float:
    """Return how far apart fetches should be when what follows one takes so much of the thread's time.

    >>> [round(pace_s(turn_s), 3) for turn_s in (0, 0.006, 1)]
    [0.004, 0.015, 0.04]
    """
    return min(PACE_MAX_S, max(PACE_MIN_S, turn_s / BUSY_SHARE))


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
        self.turn_s = 0.0

    def brought(self) -> None:
        """Say that a fetch brought records: what the thread did since the last that did was a turn."""
        busy_s = self._busy_s()
        self.turn_s += _NEWEST_SHARE * (busy_s - self._busy_before_s - self.turn_s)
        self._busy_before_s = busy_s

    async def __call__(self, assignment: Any, node: int, request: Any) -> bool:
        pace = pace_s(self.turn_s)
        now_s = time.monotonic()
        due_s = max(self._due_s.get(node, 0.0), now_s - FETCHES_SAVED_MAX * pace)
        self._due_s[node] = due_s + pace
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        return await self._fetch(assignment, node, request)
