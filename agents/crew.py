"""Computes for the partitions of one stage that a worker has, together: few payments cost one turn and not many.

```
chunks of partitions ─► compute, encode ─► 3 outputs sent ─► acked ─► each partition's table: 4, 5 (`agents.delivery`)
                        └── next parts meanwhile ◄───┘
```

The stage's `JointLogic` computes; without one, and for chunks without records, each partition's own logic.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.ports import Hold, Together, Unobserved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from agents.delivery import PartitionTask
    from agents.ports import Chunk, JointLogic, Observer, Send

#: Parts whose outputs may be on their way; the producer keeps their order. A part of 2,048 payments puts out 6 MB.
PARTS_SENT_MAX = 3


class _Sent(NamedTuple):
    parts: Together
    acknowledged: Awaitable[object] | None


class Crew:
    """Runs from the first `join` until every partition has left. `on_fatal` must end the process."""

    def __init__(
        self,
        name: str,
        send: Send,
        on_fatal: Callable[[str, BaseException], None],
        *,
        joint: JointLogic | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.name = name
        self._send = send
        self._on_fatal = on_fatal
        self._joint = joint
        self._observer = Unobserved() if observer is None else observer
        self._members: dict[int, PartitionTask] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._begin()

    def _begin(self) -> None:
        self._sent: asyncio.Queue[_Sent | None] = asyncio.Queue(PARTS_SENT_MAX)
        self._news, self._finishing = asyncio.Event(), asyncio.Event()
        self._computing = False

    def join(self, partition: int, member: PartitionTask) -> None:
        """Begin to compute for a partition."""
        self._members[partition] = member
        if not self._tasks:
            self._tasks = [
                self._begun(self._compute_loop(), "compute"),
                self._begun(self._durable_loop(), "durable"),
            ]

    def _begun(self, loop: Awaitable[None], what: str) -> asyncio.Task[None]:
        return asyncio.create_task(guarded(self.name, loop, self._on_fatal), name=f"{self.name} {what}")

    def tell(self) -> None:
        """Say that a chunk waits."""
        self._news.set()

    def idle(self, partition: int) -> bool:
        """Whether nothing is being computed or sent, and nothing kept of a partition."""
        kept = self._joint is not None and not self._joint.wants(partition)
        return not self._computing and self._sent.empty() and not kept

    async def leave(self, partition: int) -> None:
        """End computing, for all: what is computed has been staged when this returns; raises what went wrong."""
        self._finishing.set()
        self._news.set()
        tasks = self._tasks
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            task.result()
        self._members.pop(partition, None)
        if not self._members and self._tasks:
            self._tasks = []
            self._begin()

    async def _compute_loop(self) -> None:
        while not self._finishing.is_set():
            chunks = self._taken()
            if not chunks:
                await self._wait_for_news()
                chunks = self._taken()
            if self._finishing.is_set():
                break
            self._computing = True
            await self._compute(chunks)
            self._computing = False
        await self._sent.put(None)

    def _taken(self) -> dict[int, Chunk]:
        """Take what waits, of each partition what may be taken as one."""
        self._news.clear()
        taken = {}
        for partition, member in self._members.items():
            free = self._joint is None or self._joint.wants(partition)
            if free and (chunk := member.waiting.take()) is not None:
                taken[partition] = chunk
        return taken

    async def _wait_for_news(self) -> None:
        """Return when a chunk came, or when it is worth to look again."""
        joint = self._joint
        held = None if joint is None else joint.held()
        if joint is None or held is None:
            await self._news.wait()
            return
        with nullcontext() if all(map(joint.wants, self._members)) else self._observer.held():
            await _first_of(held, self._news.wait())

    async def _compute(self, chunks: Mapping[int, Chunk]) -> None:
        """Compute chunks part by part and hand over their outputs, until finishing cuts it short."""
        async for parts in self._observer.parts(chunks.values(), self._parts(chunks)):
            if isinstance(parts, Hold):
                await _first_of(parts.until, self._finishing.wait())
            else:
                await self._hand_over(parts)
            if self._finishing.is_set():
                return

    async def _parts(self, chunks: Mapping[int, Chunk]) -> AsyncIterator[Together | Hold]:
        jointly = {}
        for partition, chunk in chunks.items():
            if self._joint is not None and chunk.records:
                jointly[partition] = chunk
                continue
            async for part in self._members[partition].logic.parts(chunk):
                yield part if isinstance(part, Hold) else Together(part.outputs, {partition: part})
            yield Together(finished=[(partition, chunk)])
        if self._joint is not None:
            async for parts in self._joint.parts(jointly):
                yield parts

    async def _hand_over(self, parts: Together) -> None:
        for partition, part in parts.parts.items():
            self._members[partition].table.prepare(part.states, part.applied)
        await self._until_leased(parts)
        acknowledged = await self._send(parts.outputs) if parts.outputs else None
        await self._sent.put(_Sent(parts, acknowledged))
        for partition in parts.parts:
            await self._members[partition].bound_waiting_state()

    async def _until_leased(self, parts: Together) -> None:
        """Return when every partition may put out its part; of those that may not yet, all commit at once."""
        asked = [(self._members[partition], part.until_offset) for partition, part in parts.parts.items()]
        for member, until_offset in [one for one in asked if not one[0].may_put_out(one[1])]:
            await member.until_it_may(until_offset)

    async def _durable_loop(self) -> None:
        """Stage parts when their outputs are acknowledged, in the order in which they were sent."""
        while (sent := await self._sent.get()) is not None:
            if sent.acknowledged is not None:
                await sent.acknowledged
            for partition, part in sent.parts.parts.items():
                self._members[partition].table.stage()
                part.on_durable()
            sent.parts.on_durable()
            for partition, chunk in sent.parts.finished:
                self._members[partition].computed(chunk)


async def _first_of(*awaitables: Awaitable[Any]) -> None:
    """Return when one of them has ended, or raise what it raised; the others have been ended by then."""
    tasks = [asyncio.ensure_future(one) for one in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    await asyncio.wait(tasks)
    for task in done:
        task.result()


async def guarded(name: str, loop: Awaitable[None], on_fatal: Callable[[str, BaseException], None]) -> None:
    """Run a loop of `name`; what goes wrong in it is told to `on_fatal`, which must end the process."""
    try:
        await loop
    except asyncio.CancelledError:
        raise
    except BaseException as exc:
        on_fatal(name, exc)
        raise
