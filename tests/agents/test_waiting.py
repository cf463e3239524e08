"""Chunks come out in their order, together where they may, and each is acknowledged once."""

from __future__ import annotations

import asyncio

from agents.ports import Chunk
from agents.waiting import RECORDS_TOGETHER_MAX, WaitingChunks
from tests.agents.stages import Record


def chunk(offsets: range, acked: list[int], behind: int = 0) -> Chunk:
    """Return a chunk that notes its last offset when it is acknowledged."""
    return Chunk([Record(offset, b"") for offset in offsets], lambda: acked.append(offsets[-1]), behind)


async def taken_count(waiting: WaitingChunks) -> int:
    """Return how many records are taken."""
    taken = await waiting.take()
    assert taken is not None
    return len(taken.records)


async def test_what_waits_is_taken_as_one_and_acknowledged_in_order() -> None:
    """The last chunk says how much is behind."""
    acked: list[int] = []
    waiting = WaitingChunks()
    for start in (0, 3, 6):
        waiting.put(chunk(range(start, start + 3), acked, behind=100 - start))

    taken = await waiting.take()
    assert taken is not None
    taken.ack()

    assert [record.offset for record in taken.records] == list(range(9))
    assert (acked, taken.behind, len(waiting)) == ([2, 5, 8], 94, 0)


async def test_no_more_is_taken_together_than_fits() -> None:
    """What does not fit stays whole for the next."""
    waiting = WaitingChunks()
    for start in (0, RECORDS_TOGETHER_MAX - 1):
        waiting.put(chunk(range(start, start + RECORDS_TOGETHER_MAX - 1), []))

    assert [await taken_count(waiting) for _ in range(2)] == [RECORDS_TOGETHER_MAX - 1] * 2


async def test_a_chunk_that_asks_for_something_stays_by_itself() -> None:
    """In its place: before what came after it."""
    waiting = WaitingChunks()
    asking = Chunk([], lambda: None)
    for one in (chunk(range(2), []), asking, chunk(range(2, 4), [])):
        waiting.put(one)

    assert await taken_count(waiting) == 2
    assert await waiting.take() is asking
    assert await taken_count(waiting) == 2


async def test_who_takes_from_an_empty_queue_waits() -> None:
    """And gets what comes; one that gave up waiting takes nothing away."""
    waiting = WaitingChunks()
    taking = asyncio.create_task(waiting.take())
    await asyncio.sleep(0)
    assert not taking.done()
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    waiting.put(chunk(range(1), []))

    assert await taken_count(waiting) == 1


async def test_a_closed_queue_gives_nothing_more() -> None:
    """Neither what waits nor what comes, and who waits is told."""
    waiting = WaitingChunks()
    taking = asyncio.create_task(waiting.take())
    await asyncio.sleep(0)
    waiting.close()
    assert await taking is None

    waiting.put(chunk(range(1), []))
    assert await waiting.take() is None
