"""A rebalance that begins while partitions are opened leaves records shut out until the next assignment is open."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP

from app.transport.tables import StageRecovery

STEPS = ("open", "parked", "perform_seek", "commit_applied")


class Worker:
    """What a recovery calls: each step waits at `gate` where it is the one named, and `resumed` counts the ends."""

    def __init__(self, slow: str) -> None:
        self._slow = slow
        self.reached, self.gate = asyncio.Event(), asyncio.Event()
        self.resumed = 0
        steps: dict[str, Any] = {name: self._step(name) for name in STEPS}
        nothing = self._step("nothing")
        consumer = SimpleNamespace(
            assignment=lambda: {TP("transactions", 0)},
            parked=steps["parked"],
            perform_seek=steps["perform_seek"],
            seek=nothing,
            commit_applied=steps["commit_applied"],
            resume_partitions=lambda _: None,
        )
        self.app = SimpleNamespace(
            consumer=consumer,
            stages=SimpleNamespace(open=steps["open"], start=lambda: None),
            on_rebalance_complete=SimpleNamespace(send=nothing),
            consumer_generation_id=1,
        )

    def _step(self, name: str) -> Any:
        async def step(*_: object) -> dict[TP, int]:
            if name == self._slow:
                self.reached.set()
                await self.gate.wait()
            return {}

        return step

    def resume(self) -> None:
        """Let records in."""
        self.resumed += 1


async def opened(slow: str, *, revoked: bool) -> int:
    """Open generation 1, with a rebalance that begins in the step `slow`; return how often records were let in."""
    worker = Worker(slow)
    recovery = cast("Any", StageRecovery(worker.app))
    recovery._resume = worker.resume
    await recovery.on_rebalance(set(), set(), set(), 1)
    opening = asyncio.create_task(recovery._open(1))
    await worker.reached.wait()
    if revoked:
        recovery.on_partitions_revoked({TP("transactions", 0)})
    worker.gate.set()
    await opening
    return worker.resumed


@pytest.mark.parametrize("slow", STEPS)
async def test_records_are_let_in_once_partitions_are_open(slow: str) -> None:
    """Whichever step takes long."""
    assert await opened(slow, revoked=False) == 1


@pytest.mark.parametrize("slow", STEPS)
async def test_no_records_are_let_in_for_partitions_that_were_given_up(slow: str) -> None:
    """Its flow would stay open into the next assignment, which waits for fetches to end before it seeks."""
    assert await opened(slow, revoked=True) == 0
