"""The partitions that this worker works on: opened after an assignment, fed by agents, finished before a rebalance.

What a topic's partition is worked on with comes from a factory per topic (`app.pipeline`): it fences, restores and
returns the task and the offset to read from. Everything is opened anew for each assignment: a partition that comes
back starts only after its old task has ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faust.types import TP

from agents.ports import Chunk
from app.transport.own_appends import Appended, Places

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from aiokafka.structs import RecordMetadata
    from faust.types import EventT

    from agents.delivery import PartitionTask
    from agents.ports import Outgoing

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Opened:
    """A partition ready to start: its task, the offset to read from, and what to close after the task finished.

    `position` None: where the consumer group committed.
    """

    task: PartitionTask
    position: int | None
    close: Callable[[], Awaitable[None]]


class Stages:
    """All open partitions of a worker, by topic partition.

    `partitions` says how many a topic has, `acknowledge` takes the offset up to which a partition's log is done with.
    """

    def __init__(self, partitions: Callable[[], int], acknowledge: Callable[[TP, int], None]) -> None:
        self._partitions = partitions
        self._acknowledge = acknowledge
        self.places = Places()
        self._factories: dict[str, Callable[[int], Awaitable[Opened]]] = {}
        self._follows: dict[str, str] = {}
        self._open: dict[TP, Opened] = {}
        self._opening: asyncio.Task[Any] | None = None
        self._lock = asyncio.Lock()

    def register(
        self, topic: str, factory: Callable[[int], Awaitable[Opened]], *, written_by: str | None = None
    ) -> None:
        """Say how a partition of `topic` is opened.

        `written_by` is the topic of the stage that alone writes it, if there is one: what that appends is handed on.
        """
        self._factories[topic] = factory
        if written_by is not None:
            self._follows[topic] = written_by

    async def open(self, assigned: Iterable[TP]) -> dict[TP, int]:
        """Open every assigned partition that has a stage, and return where each is to be read from.

        A `release` meanwhile cancels it: then it raises CancelledError and nothing stays open.
        """
        wanted = sorted(tp for tp in assigned if tp.topic in self._factories)
        async with self._lock:
            self._opening = asyncio.current_task()
            try:
                await asyncio.gather(*(self._open_one(tp) for tp in wanted))
            finally:
                self._opening = None
        positions = {tp: opened.position for tp, opened in self._open.items() if opened.position is not None}
        self.places.begin(dict(positions), self._written_here_alone())
        return positions

    def _written_here_alone(self) -> frozenset[TP]:
        """Return the open partitions of logs that no other worker writes: all that leads to them is open here."""
        open_count = Counter(tp.topic for tp in self._open)
        alone = {topic for topic, source in self._follows.items() if open_count[source] == self._partitions()}
        return frozenset(tp for tp in self._open if tp.topic in alone)

    async def _open_one(self, tp: TP) -> None:
        self._open[tp] = await self._factories[tp.topic](tp.partition)

    def start(self) -> None:
        """Let the opened tasks take chunks."""
        for opened in self._open.values():
            opened.task.start()

    def deliver(self, event: EventT) -> None:
        """Give an event of the batch transport to its partition's task; without one it is dropped and read again."""
        message = event.message
        opened = self._open.get(message.tp)
        if opened is not None:
            self.places.given(message.tp, message.offset)
            message.taken = True
            chunk = Chunk(message.value, event.ack, message.behind)
            message.value = event.value = None  # both are kept until the chunk is acknowledged, its records are not
            opened.task.deliver(chunk, more=message.more)
        if not message.more:
            for task in self.tasks(message.tp.topic).values():
                task.tell()

    def hand_on(self, topic: str, partition: int, first: RecordMetadata, outputs: Sequence[Outgoing]) -> None:
        """Give a partition what was appended to its log at `first`, where that is the next it is to be given."""
        tp = TP(topic, partition)
        opened = self._open.get(tp)
        if opened is None or topic not in self._follows:
            return
        if not self.places.is_next(tp, first.offset, len(outputs)) or opened.task.full:
            return
        records = [
            Appended(first.offset + at, first.timestamp, output.key, output.value, output.headers)
            for at, output in enumerate(outputs)
        ]
        last = records[-1].offset
        self.places.given(tp, last)
        opened.task.deliver(Chunk(records, lambda: self._acknowledge(tp, last)))

    def full_partitions(self) -> set[TP]:
        """Partitions that have enough waiting."""
        return {tp for tp, opened in self._open.items() if opened.task.full}

    def task(self, topic: str, partition: int) -> PartitionTask | None:
        """Return the open task of one partition; None where it is not open here."""
        opened = self._open.get(TP(topic, partition))
        return None if opened is None else opened.task

    def tasks(self, topic: str) -> dict[int, PartitionTask]:
        """Open tasks of a topic by partition; for views."""
        return {tp.partition: opened.task for tp, opened in self._open.items() if tp.topic == topic}

    def open_tasks(self) -> dict[TP, PartitionTask]:
        """Every open task by topic partition."""
        return {tp: opened.task for tp, opened in self._open.items()}

    async def release(self) -> None:
        """Finish every task through its commit and close it; safe to call when nothing is open."""
        if self._opening is not None:
            self._opening.cancel()
        async with self._lock:
            opened, self._open = self._open, {}
            self.places.begin({}, frozenset())
            await asyncio.gather(*(self._finish(tp, one) for tp, one in opened.items()))

    async def _finish(self, tp: TP, opened: Opened) -> None:
        await opened.task.finish()
        await opened.close()
        logger.info("released %s[%d]", tp.topic, tp.partition)
