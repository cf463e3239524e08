"""A payer partition leaves the alignment when nothing comes any more, and not before it was given anything."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app import leaving

IDLE_S = 0.1


@pytest.mark.parametrize(("starts_after_s", "leaves"), [(0.0, True), (100.0, False), (1.5 * IDLE_S, False)])
async def test_a_partition_leaves_when_it_was_idle_for_a_while(
    monkeypatch: pytest.MonkeyPatch, starts_after_s: float, leaves: bool
) -> None:
    """While others are restored it has not started; when it starts, its first records are still to come."""
    monkeypatch.setattr(leaving, "IDLE_S", IDLE_S)
    left = asyncio.Event()
    task = SimpleNamespace(idle=starts_after_s == 0)
    asyncio.get_running_loop().call_later(starts_after_s, setattr, task, "idle", True)
    logic = SimpleNamespace(applied=SimpleNamespace(source_offset=7), caught_up=left.set)
    watching = asyncio.create_task(leaving.leave_when_idle(cast("Any", task), cast("Any", logic)))
    await asyncio.sleep(2.5 * IDLE_S)
    watching.cancel()

    assert left.is_set() == leaves


async def test_a_table_is_closed_where_the_rest_of_its_opening_is_given_up() -> None:
    """Its directory would stay locked, and the next assignment of the partition could not open it."""
    closed: list[str] = []

    async def close() -> None:
        closed.append("changelog")

    table = SimpleNamespace(close=lambda: closed.append("store"))
    giving_up = asyncio.create_task(leaving.or_close(asyncio.Event().wait(), cast("Any", table), close))
    await asyncio.sleep(0)
    giving_up.cancel()
    await asyncio.gather(giving_up, return_exceptions=True)

    assert closed == ["store", "changelog"]
