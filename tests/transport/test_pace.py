"""Fetches to a broker keep a pace, and a few at once do not wait."""

from __future__ import annotations

import asyncio

import pytest

from app.transport.pace import FETCHES_SAVED_MAX, PACE_MAX_S, PACE_MIN_S, Paced


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


@pytest.mark.parametrize(
    ("turn_s", "records", "expected_s"),
    [(0.008, 0, 0.012), (0.008, 50, 0.02), (0.0, 50, PACE_MIN_S), (0.5, 0, PACE_MAX_S)],
)
async def test_the_pace_follows_what_a_turn_costs_and_brings(turn_s: float, records: int, expected_s: float) -> None:
    """Nothing to do, or no end of it, has its bounds."""
    busy_s = 100.0

    async def fetch(*_: object) -> bool:
        return True

    paced = Paced(fetch, lambda: busy_s)
    for _ in range(200):
        busy_s += turn_s
        paced.brought(records)

    assert paced.pace_s == pytest.approx(expected_s, rel=0.01)
