"""The batch protocol with a list for Kafka: what is sent, saved and acked, in which order, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import struct
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from agents.delivery import PartitionTask
from agents.leased import AHEAD_MIN, Lease
from agents.ports import Chunk, Hold, Outgoing, Output, Part, one_by_one
from tables.partition import NO_STATE, TablePartition
from tables.store import APPLIED_KEY, PartitionStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from pathlib import Path


@dataclass(eq=False)
class FakeRecord:
    """The least a record needs."""

    offset: int
    key: bytes
    value: bytes = b""
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Log:
    """A changelog that remembers its transactions; `broken` makes the next one fail, `held` lasts until it is set."""

    events: list[str]
    transactions: list[dict[bytes, bytes | None]] = field(default_factory=list)
    broken: bool = False
    held: asyncio.Event | None = None

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int:
        await asyncio.sleep(0)
        if self.held is not None:
            await self.held.wait()
        if self.broken:
            raise OSError("the changelog is gone")
        self.transactions.append(dict(changes))
        self.events.append("changelog")
        return len(self.transactions)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


class Counting:
    """Counts keys; one part per record, so that a chunk has many parts."""

    def __init__(self, table: TablePartition, hold: asyncio.Event | None = None) -> None:
        self._table = table
        self._hold = hold
        self.applied = -1

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        for record in chunk.records:
            if self._hold is not None and not self._hold.is_set():
                yield Hold(_set(self._hold))
            key = record.key or b""
            states = self._table.load([key])
            states[key] = b"%d" % (int(states[key] or b"0") + 1)
            self.applied = record.offset
            outputs = [Outgoing("out", 0, key, states[key])]
            yield Part(outputs, states, struct.pack(">q", self.applied), until_offset=record.offset + 1)


@dataclass
class Rig:
    """A task with everything around it visible."""

    events: list[str]
    log: Log
    table: TablePartition
    sent: list[bytes]
    fatal: list[BaseException]
    store: PartitionStore

    def task(self, logic: Any, linger_s: float = 0.0, lease: Lease | None = None) -> PartitionTask:
        async def send(outputs: Sequence[Output]) -> asyncio.Task[None]:
            async def acknowledge() -> None:
                await asyncio.sleep(0)
                self.sent.extend(output.value for output in one_by_one(outputs))
                self.events.append("outputs")

            return asyncio.create_task(acknowledge())

        def on_fatal(_: str, error: BaseException) -> None:
            self.fatal.append(error)

        return PartitionTask("test", logic, self.table, send, on_fatal, commit_linger_s=linger_s, lease=lease)

    def chunk(self, offsets: Sequence[int]) -> Chunk:
        records = [FakeRecord(offset, f"k{offset % 3}".encode()) for offset in offsets]
        return Chunk(records, lambda: self.events.append(f"ack {offsets[-1]}"))


async def until(holds: Callable[[], bool]) -> None:
    """Return when it holds, or fail."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Give a table partition over a real RocksDB and a remembered changelog."""
    events: list[str] = []
    log = Log(events)
    store = PartitionStore(tmp_path / "counts-0")
    table: TablePartition = TablePartition(store, log, cache_bytes=1_000)
    yield Rig(events, log, table, [], [], store)
    store.close()


async def _until(events: list[str], event: str) -> None:
    async with asyncio.timeout(5):
        while event not in events:
            await asyncio.sleep(0.001)


async def test_outputs_come_before_the_changelog_and_the_ack_comes_last(rig: Rig) -> None:
    """Saved state implies durable outputs; an ack implies saved state."""
    task = rig.task(Counting(rig.table))
    task.start()
    task.deliver(rig.chunk([0, 1]))
    await _until(rig.events, "ack 1")
    await task.finish()

    assert rig.events.index("outputs") < rig.events.index("changelog") < rig.events.index("ack 1")


async def test_a_task_is_not_idle_before_it_starts(rig: Rig) -> None:
    """Nothing waits in it because nothing was given to it yet: that does not say that its log is read."""
    task = rig.task(Counting(rig.table))
    assert not task.idle

    task.start()
    assert task.idle
    await task.finish()


async def test_a_transaction_holds_the_applied_offset_that_its_values_are_of(rig: Rig) -> None:
    """Every transaction on its own is the state as of its applied record."""
    task = rig.task(Counting(rig.table))
    task.start()
    for start in range(0, 60, 4):
        task.deliver(rig.chunk(range(start, start + 4)))
    await _until(rig.events, "ack 59")
    await task.finish()

    counts: dict[bytes, int] = {}
    for transaction in rig.log.transactions:
        for key, value in transaction.items():
            if key != APPLIED_KEY and value is not None:
                counts[key] = int(value)
        applied = struct.unpack(">q", transaction[APPLIED_KEY] or b"")[0]
        assert counts == {f"k{r}".encode(): sum(o % 3 == r for o in range(applied + 1)) for r in range(3)}


async def test_records_are_let_go_when_they_are_computed_not_when_they_are_committed(rig: Rig) -> None:
    """Some seconds of records wait for a commit otherwise: a busy worker's largest use of memory."""
    task = rig.task(Counting(rig.table))
    rig.log.held = asyncio.Event()
    first = rig.chunk([1, 2])
    kept = weakref.WeakSet(first.records)
    task.start()
    task.deliver(first)
    del first
    await until(lambda: rig.events.count("outputs") == 2)
    task.deliver(rig.chunk([3, 4]))  # the newest may stay until the next comes

    await until(lambda: not gc.collect() and not kept)

    assert "changelog" not in rig.events
    rig.log.held.set()
    await task.finish()
    assert rig.events[-1] == "ack 4"


async def test_finish_commits_what_is_computed_and_drops_what_waits(rig: Rig) -> None:
    """A chunk cut short is not acked, but the parts that were sent are saved."""
    free = asyncio.Event()
    task = rig.task(Counting(rig.table, hold=free), linger_s=10)
    task.start()
    free.set()
    task.deliver(rig.chunk([0, 1, 2]))
    async with asyncio.timeout(5):
        while len(rig.sent) < 3:
            await asyncio.sleep(0.001)
    free.clear()
    task.deliver(rig.chunk([3, 4]))
    task.deliver(rig.chunk([5]))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(task.finish(), timeout=5)

    assert rig.events[-1] == "ack 2"
    assert b"".join(rig.sent) == b"111"
    assert struct.unpack(">q", rig.log.transactions[-1][APPLIED_KEY] or b"")[0] == 2


def _with_lease(applied: bytes | None, until_offset: int) -> bytes:
    return (applied or b"")[:8].ljust(8) + struct.pack(">q", until_offset)


def _lease_of(transaction: dict[bytes, bytes | None]) -> int:
    return int(struct.unpack(">q", (transaction[APPLIED_KEY] or b"")[8:])[0])


async def test_what_a_lease_does_not_cover_is_put_out_behind_a_commit_that_comes_at_once(rig: Rig) -> None:
    """However long commits linger; what the new one covers waits for nothing, and at the end it covers no more."""
    task = rig.task(Counting(rig.table), linger_s=1_000, lease=Lease(0, 0, _with_lease))
    task.start()
    rig.log.held = asyncio.Event()
    task.deliver(rig.chunk([0, 1]))
    await asyncio.sleep(0.01)
    assert not rig.sent

    rig.log.held.set()
    await until(lambda: len(rig.sent) == 2)
    assert [_lease_of(one) for one in rig.log.transactions] == [1 + AHEAD_MIN]
    task.deliver(rig.chunk(range(2, 1 + AHEAD_MIN)))
    await until(lambda: len(rig.sent) == 1 + AHEAD_MIN)
    assert len(rig.log.transactions) == 1
    task.deliver(rig.chunk([1 + AHEAD_MIN]))
    await until(lambda: len(rig.sent) == 2 + AHEAD_MIN)
    await task.finish()

    assert _lease_of(rig.log.transactions[-1]) == 2 + AHEAD_MIN


async def test_a_task_that_waits_for_its_lease_can_be_finished(rig: Rig) -> None:
    """It is given up while the commit is on its way: what was computed is put out and saved all the same."""
    task = rig.task(Counting(rig.table), linger_s=1_000, lease=Lease(0, 0, _with_lease))
    task.start()
    rig.log.held = asyncio.Event()
    task.deliver(rig.chunk([0]))
    await asyncio.sleep(0.01)
    finishing = asyncio.create_task(task.finish())
    await asyncio.sleep(0.01)
    rig.log.held.set()
    await asyncio.wait_for(finishing, timeout=5)

    assert rig.sent == [b"1"]
    assert (rig.events[-1], _lease_of(rig.log.transactions[-1])) == ("changelog", 1)


async def test_a_lease_that_reaches_far_is_taken_back_when_nothing_comes(rig: Rig) -> None:
    """By commits of its own, which end; whoever follows a kill begins where this one did."""
    lease = Lease(0, 0, _with_lease)
    task = rig.task(Counting(rig.table), lease=lease)
    task.start()
    for start in range(0, 900, 300):
        task.deliver(rig.chunk(range(start, start + 300)))
    await until(lambda: len(rig.sent) == 900 and lease.until_offset == 900 + AHEAD_MIN)
    count = len(rig.log.transactions)

    assert _lease_of(rig.log.transactions[-1]) == 900 + AHEAD_MIN
    await asyncio.sleep(0.02)
    assert len(rig.log.transactions) == count
    await task.finish()


async def test_a_failed_changelog_ends_the_process(rig: Rig) -> None:
    """Whatever fails after the outputs is fatal, and nothing is acked."""
    rig.log.broken = True
    task = rig.task(Counting(rig.table))
    task.start()
    task.deliver(rig.chunk([0]))
    async with asyncio.timeout(5):
        while not rig.fatal:
            await asyncio.sleep(0.001)

    assert isinstance(rig.fatal[0], OSError)
    assert not [event for event in rig.events if event.startswith("ack")]
    with pytest.raises(OSError, match="the changelog is gone"):
        await task.finish()


async def test_an_evicted_state_that_waits_for_its_commit_is_not_read_stale(rig: Rig) -> None:
    """The cache holds two accounts; a third one's change must be found before RocksDB is asked."""
    for number in range(5):
        key = f"a{number}".encode()
        assert rig.table.load([key]) == {key: NO_STATE}
        rig.table.prepare({key: b"7"}, b"x")

    assert rig.table.load([b"a0"]) == {b"a0": b"7"}
    for _ in range(5):
        rig.table.stage()
    await rig.table.commit()
    assert rig.table.load([b"a1"]) == {b"a1": b"7"}
    assert rig.store.get(b"a2") == b"7"
