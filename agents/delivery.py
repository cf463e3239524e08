"""The batch protocol: nothing lost, nothing counted twice, for one partition of one stage.

```
chunk ─► compute, encode ─► 3 outputs sent ─► acked ─► 4 changelog transaction ─► 5 RocksDB batch ─► ack of the chunk
         └── next part meanwhile ◄───────┘            └── several chunks at once, behind the latency path ──┘
```

1. and 2. (load states, skip what is applied, compute in order) are the stage's `Logic`; here are the order of the
effects and their ends. Outputs come before state: saved state implies durable outputs, so skipping what state says is
applied is safe. An error in 3 to 5 ends the process through `on_fatal`: a supervisor restarts it and nothing is
skipped. `finish` ends the task for a rebalance: what is computed goes through to step 5, what waits is dropped.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.ports import Hold, Unobserved
from agents.waiting import WaitingChunks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agents.ports import Chunk, Logic, Observer, Part, Send
    from tables.partition import TablePartition

#: Chunks that may wait in a task before the transport stops fetching for its partition.
CHUNKS_WAITING_MAX = 4
#: Encoded state that may wait for its changelog transaction; the design's 4 MiB, for the whole partition.
STATE_WAITING_BYTES_MAX = 4 * 1024 * 1024
#: Parts whose outputs may be on their way; the producer keeps their order.
PARTS_SENT_MAX = 6
_FINISH_POLL_S = 0.01


@dataclass(slots=True)
class _Sent:
    """A part whose outputs are on their way, or the chunk that ended with the part before."""

    part: Part | None
    acknowledged: Awaitable[object] | None
    finished: Chunk | None


class PartitionTask:
    """Runs one partition of one stage from `start` to `finish`.

    `commit_linger_s` is how long a commit waits for company: a longer one makes fewer, larger transactions and
    repeats more outputs after a crash. `on_fatal` must end the process.
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
        observer: Observer | None = None,
    ) -> None:
        self.name = name
        self.logic = logic
        self.table = table
        self._send = send
        self._on_fatal = on_fatal
        self._commit_linger_s = commit_linger_s
        self._observer = Unobserved() if observer is None else observer
        self._waiting = WaitingChunks()
        self._sent: asyncio.Queue[_Sent | None] = asyncio.Queue(PARTS_SENT_MAX)
        self._computed: list[Chunk] = []
        self._computing = False
        self._dirty = asyncio.Event()
        self._committed = asyncio.Event()
        self._finishing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to take chunks."""
        self._tasks = [
            asyncio.create_task(self._guard(self._compute_loop()), name=f"{self.name} compute"),
            asyncio.create_task(self._guard(self._durable_loop()), name=f"{self.name} durable"),
            asyncio.create_task(self._guard(self._commit_loop()), name=f"{self.name} commit"),
        ]

    def deliver(self, chunk: Chunk) -> None:
        """Take a chunk; one that comes after `finish` is dropped: the next owner reads it again."""
        self._waiting.put(chunk)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being computed or sent."""
        return not self._waiting and self._sent.empty() and not self._computing

    @property
    def full(self) -> bool:
        """Whether the transport should fetch no more for this partition now."""
        return len(self._waiting) >= CHUNKS_WAITING_MAX

    async def finish(self) -> None:
        """Drop what waits, bring what is computed through step 5, release the table."""
        self._finishing.set()
        self._waiting.close()
        self._dirty.set()
        await asyncio.gather(*self._tasks)
        self.table.close()

    async def _compute_loop(self) -> None:
        while (chunk := await self._waiting.take()) is not None:
            self._computing = True
            if await self._compute(chunk):
                await self._sent.put(_Sent(None, None, chunk))
            self._computing = False
        await self._sent.put(None)

    async def _compute(self, chunk: Chunk) -> bool:
        """Compute a chunk part by part and hand over its outputs; False where finishing cut it short."""
        async for part in self._observer.parts(chunk, self.logic.parts(chunk)):
            if isinstance(part, Hold):
                await self._unless_finishing(part.until)
            else:
                self.table.prepare(part.states, part.applied)
                acknowledged = await self._send(part.outputs) if part.outputs else None
                await self._sent.put(_Sent(part, acknowledged, None))
                await self._bound_waiting_state()
            if self._finishing.is_set():
                return False
        return True

    async def _durable_loop(self) -> None:
        """Stage each part when its outputs are acknowledged, in the order in which they were sent."""
        while (sent := await self._sent.get()) is not None:
            if sent.acknowledged is not None:
                await sent.acknowledged
            if sent.part is not None:
                self.table.stage()
                sent.part.on_durable()
            if sent.finished is not None:
                self._computed.append(sent.finished)
                self._dirty.set()

    async def _bound_waiting_state(self) -> None:
        while self.table.waiting_bytes > STATE_WAITING_BYTES_MAX:
            self._committed.clear()
            self._dirty.set()
            await self._committed.wait()

    async def _commit_loop(self) -> None:
        while not self._finishing.is_set():
            await self._dirty.wait()
            if self.table.waiting_bytes <= STATE_WAITING_BYTES_MAX:
                await self._unless_finishing(asyncio.sleep(self._commit_linger_s))
            self._dirty.clear()
            await self._commit()
        durable = self._tasks[1]
        while not durable.done():  # computing may wait for room that only a commit makes
            await self._commit()
            await asyncio.wait({durable}, timeout=_FINISH_POLL_S)
        await self._commit()

    async def _commit(self) -> None:
        chunks, self._computed = self._computed, []
        with self._observer.commit():
            await self.table.commit()
        self._committed.set()
        for chunk in chunks:
            chunk.ack()

    async def _unless_finishing(self, awaitable: Any) -> Any:
        """Return the result of `awaitable`, or None as soon as the task is to finish."""
        wanted = asyncio.ensure_future(awaitable)
        finishing = asyncio.ensure_future(self._finishing.wait())
        done, _ = await asyncio.wait({wanted, finishing}, return_when=asyncio.FIRST_COMPLETED)
        finishing.cancel()
        if wanted in done:
            return wanted.result()
        wanted.cancel()
        with suppress(asyncio.CancelledError):
            await wanted
        return None

    async def _guard(self, loop: Any) -> None:
        try:
            await loop
        except asyncio.CancelledError:
            raise
        except BaseException as exc:
            self._on_fatal(self.name, exc)
            raise
