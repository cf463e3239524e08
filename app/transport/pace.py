"""Keeps fetches apart: each is answered as soon as there is one record, and costs worker and broker a millisecond.

What follows a fetch costs more: a turn of every stage, however few records it has. The closer fetches are together, the
sooner a payment's turn comes, and the more of the thread's time goes into turns, until all wait for that. So fetches
keep apart by how busy the thread is: closer as long as it has time to spare, further apart, with more records each,
where it has not. What it does besides, and what each record costs, is part of how busy it is; how long a turn takes on
this machine need not be known.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Between fetches to one broker, at least and at most.
PACE_MIN_S, PACE_MAX_S = 0.004, 0.04
#: At most, after an answer that did not hold all there was: what fetches bring is bounded, and a stage may wait for it.
PACE_CUT_MAX_S = 0.02
#: The share of its time that the thread should be busy: where fetches bring one record each, and from so many on. A
#: turn that comes late holds up whom it brings: one, or many.
BUSY_FEW, BUSY_MANY = 0.65, 0.5
RECORDS_MANY = 5
#: How much a turn says about the next, and how far one may move the pace.
_NEWEST_SHARE = 0.1
_STEP = 0.1
#: A silence proves no more than this.
_SPAN_MAX_S = 0.1
#: Fetches that may go at once after a silence.
FETCHES_SAVED_MAX = 1


def busy_share(records: float) -> float:
    """Return the share of its time that the thread should be busy when fetches bring so many records.

    >>> [busy_share(records) for records in (0.5, 1, 3, 5, 1_000)]
    [0.65, 0.65, 0.575, 0.5, 0.5]
    """
    many = min(1.0, max(0.0, (records - 1) / (RECORDS_MANY - 1)))
    return BUSY_FEW + many * (BUSY_MANY - BUSY_FEW)


def next_pace_s(pace_s: float, busy_s: float, span_s: float, share: float) -> float:
    """Return how far apart fetches should be from now on, when the thread was busy for so much of a span.

    >>> [round(next_pace_s(0.02, busy_s, 0.1, 0.5), 4) for busy_s in (0, 0.05, 0.06, 0.1)]
    [0.018, 0.02, 0.0204, 0.022]
    """
    off = busy_s / (span_s * share) - 1 if span_s else 0.0
    return min(PACE_MAX_S, max(PACE_MIN_S, pace_s * (1 + _STEP * min(1.0, off))))


def no_clock() -> float:
    """Stand where a thread's time is not measured."""
    return 0.0


class Paced:
    """Sends fetches to a broker no faster than `pace_s`, once those saved up are used.

    `busy_s` gives the time that the thread which works on the records has been busy; without it the pace is the least.
    """

    def __init__(
        self,
        fetch: Callable[[Any, int, Any], Awaitable[bool]],
        busy_s: Callable[[], float] = no_clock,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._read_busy_s, self._clock = busy_s, clock
        self._before_s = busy_s(), clock()
        self._due_s: dict[int, float] = {}
        self._busy_s = self._span_s = self._records = 0.0
        self._cut = False
        self.pace_s = PACE_MIN_S

    def brought(self, records: int, *, cut: bool = False) -> None:
        """Say how many records a fetch brought: what the thread did since the last that brought some was a turn.

        `cut` is whether there were more than an answer may hold.
        """
        self._cut = cut
        now_s = self._read_busy_s(), self._clock()
        busy_s, span_s = (now - before for now, before in zip(now_s, self._before_s, strict=True))
        self._before_s = now_s
        self._busy_s += _NEWEST_SHARE * (busy_s - self._busy_s)
        self._span_s += _NEWEST_SHARE * (min(span_s, _SPAN_MAX_S) - self._span_s)
        self._records += _NEWEST_SHARE * (records - self._records)
        self.pace_s = next_pace_s(self.pace_s, self._busy_s, self._span_s, busy_share(self._records))

    @property
    def apart_s(self) -> float:
        """How far apart fetches to one broker are now."""
        return min(self.pace_s, PACE_CUT_MAX_S) if self._cut else self.pace_s

    async def __call__(self, assignment: Any, node: int, request: Any) -> bool:
        now_s, apart_s = self._clock(), self.apart_s
        due_s = max(self._due_s.get(node, 0.0), now_s - FETCHES_SAVED_MAX * apart_s)
        self._due_s[node] = due_s + apart_s
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        return await self._fetch(assignment, node, request)
