"""Fetches to a broker keep a pace that leaves the thread time, and a few at once do not wait."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from app.transport.consumer import BatchConsumer
from app.transport.fetching import BatchConsumerThread
from app.transport.pace import BUSY_MANY, FETCHES_SAVED_MAX, PACE_CUT_MAX_S, PACE_MAX_S, PACE_MIN_S, Paced


async def test_fetches_wait_for_their_turn_once_the_saved_ones_are_used_up() -> None:
    """Each broker by itself."""
    begun: list[int] = []

    async def fetch(_assignment: object, node: int, _request: object) -> bool:
        begun.append(node)
        return True

    paced = Paced(fetch)
    at_once = FETCHES_SAVED_MAX + 1
    tasks = [asyncio.create_task(paced(None, node, None)) for node in (1, 2) for _ in range(at_once + 2)]
    await asyncio.sleep(0)
    assert begun == [1] * at_once + [2] * at_once

    assert all(await asyncio.wait_for(asyncio.gather(*tasks), 5))
    assert begun.count(1) == begun.count(2) == at_once + 2


class Thread:
    """A worker's thread: how long it has been busy, and what time it is."""

    def __init__(self) -> None:
        self.busy_s, self.now_s = 100.0, 1_000.0
        self.paced = Paced(self._fetch, lambda: self.busy_s, lambda: self.now_s)

    async def _fetch(self, *_: object) -> bool:
        return True

    def work(self, turns: int, turn_s: float, record_s: float = 0.0, rate: float = 0.0, other: float = 0.0) -> float:
        """Let turns follow each other at the pace; return how far apart they are at the end.

        A turn takes so long, and so much more for each record; `other` is the share of the time for other work.
        """
        for _ in range(turns):
            span_s = max(self.paced.pace_s, 1 / rate if rate else 0.0)
            self.now_s += span_s
            self.busy_s += turn_s + record_s * rate * span_s + other * span_s
            self.paced.brought(round(rate * span_s))
        return self.paced.pace_s


@pytest.mark.parametrize(
    ("turn_s", "record_s", "rate", "other"),
    [(0.007, 0.0, 500, 0.0), (0.007, 0.00008, 2_000, 0.0), (0.007, 0.0, 400, 0.2), (0.012, 0.00008, 500, 0.05)],
)
async def test_the_pace_keeps_the_thread_busy_for_its_share_of_the_time(
    turn_s: float, record_s: float, rate: float, other: float
) -> None:
    """Whatever turns, records and other work cost: what a longer pace adds to a turn makes it no longer still."""
    free = BUSY_MANY - record_s * rate - other
    assert Thread().work(400, turn_s, record_s, rate, other) == pytest.approx(turn_s / free, rel=0.03)


async def test_the_pace_has_bounds_and_comes_back_from_them() -> None:
    """Nothing to do; no end of it; little again after a silence of an hour."""
    thread = Thread()
    assert thread.work(200, 0.0) == PACE_MIN_S
    assert thread.work(200, 1.0) == PACE_MAX_S
    thread.now_s += 3_600
    assert thread.work(100, 0.001, rate=20) == PACE_MIN_S
    assert thread.work(200, 1.0) == PACE_MAX_S


def test_there_is_a_pace_before_anything_is_fetched() -> None:
    """A payment may be asked for while the worker is starting."""
    starting = SimpleNamespace(_thread=SimpleNamespace(pace=BatchConsumerThread.pace))
    assert BatchConsumer.pace_s.fget(starting) == PACE_MIN_S  # type: ignore[attr-defined]


async def test_what_an_answer_could_not_hold_is_soon_asked_for() -> None:
    """A backlog keeps the thread busy, and an answer of bounded size may be less than it could work on meanwhile."""
    thread = Thread()
    assert thread.work(100, 0.1) == PACE_MAX_S
    thread.paced.brought(5_000, cut=True)
    assert thread.paced.apart_s == PACE_CUT_MAX_S
    thread.paced.brought(5_000)
    assert thread.paced.apart_s == PACE_MAX_S
