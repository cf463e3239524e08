"""Whether an open partition has applied all that its log held: only then is "not known" an answer.

A partition that was taken over is open before it has read again what its last owner had not committed; an account may
be missing from it for a moment, or for as long as a backlog takes. What its log held when it was first asked of is
its goal; a partition that reached it once covers its accounts until it is given up.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from agents.delivery import PartitionTask

#: How long a request waits for partitions that are about to reach their goal.
WAIT_S = 0.8
#: Without progress for so long there is nothing left to read: a log may end in a producer's transaction marker.
STANDSTILL_S = 10.0
_POLL_S = 0.02


class _Applied(msgspec.Struct, array_like=True):
    """The first field of what every stage with a table has applied."""

    source_offset: int = -1


@dataclass(slots=True)
class _Goal:
    end: int
    applied: int
    since_s: float
    reached: bool = False


def applied_offset(task: PartitionTask) -> int:
    """Return the source offset up to which a partition's table can be read, -1 for none."""
    data = task.table.applied
    return -1 if data is None else msgspec.msgpack.decode(data, type=_Applied).source_offset


class CatchUp:
    """Remembers goals by task; `log_ends(topic, partitions)` asks the broker for the ends of logs."""

    def __init__(
        self, log_ends: Callable[[str, Iterable[int]], Awaitable[Mapping[int, int]]], clock: Callable[[], float]
    ) -> None:
        self._log_ends = log_ends
        self._clock = clock
        self._goals: WeakKeyDictionary[PartitionTask, _Goal] = WeakKeyDictionary()

    async def reached(self, topic: str, tasks: Mapping[int, PartitionTask]) -> frozenset[int]:
        """Return the partitions that have reached their goals, waiting a moment for those that have not."""
        await self._set_goals(topic, tasks)
        give_up_s = self._clock() + WAIT_S
        while True:
            done = frozenset(partition for partition, task in tasks.items() if self._has_reached(task))
            if len(done) == len(tasks) or self._clock() >= give_up_s:
                return done
            await asyncio.sleep(_POLL_S)

    async def _set_goals(self, topic: str, tasks: Mapping[int, PartitionTask]) -> None:
        new = {partition: task for partition, task in tasks.items() if task not in self._goals}
        if new:
            for partition, end in (await self._log_ends(topic, new)).items():
                task = new[partition]
                self._goals.setdefault(task, _Goal(end, applied_offset(task), self._clock()))

    def _has_reached(self, task: PartitionTask) -> bool:
        goal = self._goals.get(task)
        if goal is None or goal.reached:
            return goal is not None
        applied, now_s = applied_offset(task), self._clock()
        if applied != goal.applied:
            goal.applied, goal.since_s = applied, now_s
        goal.reached = applied + 1 >= goal.end or now_s - goal.since_s > STANDSTILL_S
        return goal.reached
