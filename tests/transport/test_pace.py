"""Fetches to a broker keep a pace, and a few at once do not wait."""

from __future__ import annotations

import asyncio

import pytest

from app.transport.pace import FETCHES_SAVED_MAX, PACE_MAX_S, PACE_MIN_S, Paced, pace_s


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


async def test_the_pace_follows_what_a_turn_costs() -> None:
    """Eight milliseconds of work are two fifths of a turn; nothing to do, or no end of it, has its bounds."""
    busy_s = 100.0

    async def fetch(*_: object) -> bool:
        return True

    paced = Paced(fetch, lambda: busy_s)
    for turn_s, expected_s in ((0.008, 0.02), (0.0, PACE_MIN_S), (0.5, PACE_MAX_S)):
        for _ in range(200):
            busy_s += turn_s
            paced.brought()
        assert pace_s(paced.turn_s) == pytest.approx(expected_s, rel=0.01)
