"""Fetches to a broker keep a pace, and a few at once do not wait."""

from __future__ import annotations

import asyncio

from app.transport.pace import FETCHES_SAVED_MAX, Paced


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
