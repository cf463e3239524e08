"""The batch protocol: nothing lost, nothing counted twice, for one partition of one stage.

```
chunk ─► compute, encode ─► 3 outputs sent ─► acked ─► 4 changelog transaction ─► 5 RocksDB batch ─► ack of the chunk
         └── next part meanwhile ◄───────┘            └── several chunks at once, behind the latency path ──┘
```

1. and 2. (load states, skip what is applied, compute in order) are the stage's logic, 3 is its crew's (`agents.crew`);
here are the order of the effects and their ends. Outputs come before state: saved state implies durable outputs, so
skipping what state says is applied is safe. An error in 3 to 5 ends the process through `on_fatal`: a supervisor
restarts it and nothing is skipped. `finish` ends the task for a rebalance: what is computed goes through to step 5,
what waits is dropped.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from agents.commit_slots import until_slot_s
from agents.crew import Crew, guarded
from agents.ports import Unobserved
from agents.waiting import WaitingChunks

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.leased import Lease
    from agents.ports import Chunk, Logic, Observer, Send
    from tables.partition import TablePartition

#: Chunks that may wait in a task before the transport stops fetching for its partition.
CHUNKS_WAITING_MAX = 2
#: Encoded state that may wait for its changelog transaction; the design's 4 MiB, for the whole partition.
STATE_WAITING_BYTES_MAX = 4 * 1024 * 1024
_FINISH_POLL_S = 0.01


class PartitionTask:
    """Runs one partition of one stage from `start` to `finish`.

    `crew` computes for it, with the others of the stage; where none is given, one of its own. `commit_linger_s` is how
    long a commit waits for company, at most: a longer one makes fewer, larger transactions and repeats more outputs
    after a crash. `commit_phase` is when within it, 0 to 1: partitions that commit together keep payments waiting.
    `on_fatal` must end the process. `lease` is how far it may put anything out; without one, anywhere.
    """

    def __init__(
        self,
        name: str,
        logic: Logic,
        table: TablePartition,
        send: Send,
        on_fatal: Callable[[str, BaseException], None],
        *,
        commit_linger_s: float,
        commit_phase: float = 0.0,
        observer: Observer | None = None,
        crew: Crew | None = None,
        partition: int = 0,
        lease: Lease | None = None,
    ) -> None:
        self.name = name
        self.logic = logic
        self.table = table
        self.waiting = WaitingChunks()
        self._crew = Crew(name, send, on_fatal, observer=observer) if crew is None else crew
        self._partition = partition
        self._on_fatal = on_fatal
        self._lease = lease
        self._commit_linger_s, self._commit_phase = commit_linger_s, commit_phase
        self._observer = Unobserved() if observer is None else observer
        self._acks: list[Callable[[], None]] = []
        self._dirty = asyncio.Event()
        self._urgent = asyncio.Event()
        self._committed = asyncio.Event()
        self._finishing = asyncio.Event()
        self._committing: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take chunks."""
        self._crew.join(self._partition, self)
        committing = guarded(self.name, self._commit_loop(), self._on_fatal)
        self._committing = asyncio.create_task(committing, name=f"{self.name} commit")

    def deliver(self, chunk: Chunk, *, more: bool = False) -> None:
        """Take a chunk; one that comes after `finish` is dropped: the next owner reads it again.

        `more` says that other partitions are about to be given some too: who gives them tells the crew.
        """
        self.waiting.put(chunk)
        if not more:
            self.tell()

    def tell(self) -> None:
        """Let the crew look at what waits."""
        self._crew.tell()

    @property
    def idle(self) -> bool:
        """Whether it has started, and nothing waits and nothing is being computed or sent."""
        return self._committing is not None and not self.waiting and self._crew.idle(self._partition)

    @property
    def full(self) -> bool:
        """Whether the transport should fetch no more for this partition now."""
        return len(self.waiting) >= CHUNKS_WAITING_MAX

    def computed(self, chunk: Chunk) -> None:
        """Take note that a chunk's outputs are durable and its states staged: the next commit acknowledges it.

        Of the chunk nothing else is kept: its records are as much memory as all else that waits for the commit.
        """
        self._acks.append(chunk.ack)
        self._dirty.set()

    async def finish(self) -> None:
        """Drop what waits, bring what is computed through step 5, release the table."""
        self.waiting.close()
        if self._committing is not None:
            self._leaving = asyncio.create_task(self._crew.leave(self._partition))
            self._finishing.set()
            self._commit_now()
            await asyncio.gather(self._leaving, self._committing)
        if self._lease is not None:
            await self.table.commit(self._lease.closed, alone=True)
        self.table.close()

    async def bound_waiting_state(self) -> None:
        """Return when no more state than allowed waits for its commit."""
        while self.table.waiting_bytes > STATE_WAITING_BYTES_MAX:
            self._committed.clear()
            self._commit_now()
            await self._committed.wait()

    def may_put_out(self, until_offset: int) -> bool:
        """Whether what comes of records before this offset may be put out; if not, a commit is on its way."""
        if self._lease is None or self._lease.covers(until_offset):
            return True
        self._commit_now()
        return False

    async def until_it_may(self, until_offset: int) -> None:
        """Return when it may."""
        while not self.may_put_out(until_offset):
            self._committed.clear()
            await self._committed.wait()

    def _commit_now(self) -> None:
        self._dirty.set()
        self._urgent.set()

    async def _commit_loop(self) -> None:
        while not self._finishing.is_set():
            await self._dirty.wait()
            wait_s = until_slot_s(asyncio.get_running_loop().time(), self._commit_linger_s, self._commit_phase)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), wait_s)
            self._dirty.clear()
            self._urgent.clear()
            await self._commit()
        while self._leaving is not None and not self._leaving.done():  # computing may wait for room that a commit makes
            await self._commit()
            await asyncio.wait({self._leaving}, timeout=_FINISH_POLL_S)
        await self._commit()

    async def _commit(self) -> None:
        acks, self._acks = self._acks, []
        lease = self._lease
        with self._observer.commit():
            if lease is None:
                await self.table.commit()
            else:
                await self.table.commit(lease.sealed, alone=lease.due)
                lease.committed()
                if lease.due:
                    self._dirty.set()
        self._committed.set()
        for ack in acks:
            ack()
