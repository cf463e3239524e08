"""When an open partition covers its accounts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from agents.payee import PayeeApplied
from agents.payer import PayerApplied
from app.views import catch_up
from app.views.catch_up import CatchUp, applied_offset

if TYPE_CHECKING:
    from collections.abc import Iterable


class Table:
    """A table whose stage has applied what a test says."""

    applied: bytes | None = None


class Task:
    """A task over such a table."""

    def __init__(self, offset: int | None = None) -> None:
        self.table = Table()
        if offset is not None:
            self.apply(offset)

    def apply(self, offset: int) -> None:
        """Apply up to an offset."""
        self.table.applied = msgspec.msgpack.encode(PayerApplied(source_offset=offset))


class Log:
    """Says where logs end, and counts how often it was asked."""

    def __init__(self, **ends: int) -> None:
        self.ends = {int(name[1:]): end for name, end in ends.items()}
        self.asked = 0
        self.now_s = 0.0

    async def __call__(self, _: str, partitions: Iterable[int]) -> dict[int, int]:
        self.asked += 1
        return {partition: self.ends[partition] for partition in partitions if partition in self.ends}


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up, "WAIT_S", 0.1)


def follow(log: Log) -> Any:
    """Return what `CatchUp` says, with real time for waiting."""
    return CatchUp(log, asyncio.get_running_loop().time)


async def test_a_partition_that_applied_its_whole_log_covers_its_accounts() -> None:
    """Empty logs and logs read to their end, not one that lacks its last record."""
    tasks = {0: Task(), 1: Task(9), 2: Task(8), 3: Task()}

    assert await follow(Log(p0=0, p1=10, p2=10, p3=1)).reached("transactions", tasks) == {0, 1}


async def test_a_request_waits_a_moment_for_what_is_about_to_be_applied() -> None:
    """A record in flight makes no 503."""
    task = Task(8)
    asyncio.get_running_loop().call_later(0.03, task.apply, 9)

    assert await follow(Log(p0=10)).reached("transactions", {0: task}) == {0}


async def test_what_was_reached_stays_reached_while_more_comes() -> None:
    """The goal is where the log ended when it was first asked of; later records are ordinary lag."""
    log, task = Log(p0=10), Task(9)
    following = follow(log)
    await following.reached("transactions", {0: task})
    log.ends[0] = 1_000_000

    assert await following.reached("transactions", {0: task}) == {0}
    assert log.asked == 1


async def test_a_partition_that_came_back_has_to_reach_its_goal_anew() -> None:
    """Its new task read nothing yet."""
    following = follow(Log(p0=10))
    await following.reached("transactions", {0: Task(9)})

    assert await following.reached("transactions", {0: Task(5)}) == set()


async def test_where_the_broker_does_not_say_nothing_is_covered() -> None:
    """It is asked again the next time."""
    log, task = Log(), Task(9)
    following = follow(log)
    first = await following.reached("transactions", {0: task})
    log.ends[0] = 10

    assert (first, await following.reached("transactions", {0: task})) == (set(), {0})


async def test_a_log_that_ends_in_a_marker_is_covered_after_a_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last offset of a producer's transaction is no record; waiting for it would never end."""
    monkeypatch.setattr(catch_up, "STANDSTILL_S", 0.15)
    following, task = follow(Log(p0=10)), Task(8)

    first = await following.reached("transactions", {0: task})

    assert (first, await following.reached("transactions", {0: task})) == (set(), {0})


def test_the_applied_offset_is_the_first_field_of_every_stage() -> None:
    """Also where more fields follow it."""
    task: Any = Task()
    task.table.applied = msgspec.msgpack.encode(PayeeApplied(source_offset=7, payer_offsets={1: 2}, candidates=b"x"))

    assert applied_offset(task) == 7
