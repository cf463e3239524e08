"""Chunks come out in their order, together where they may, and each is acknowledged once."""

from __future__ import annotations

from agents.ports import Chunk
from agents.waiting import RECORDS_TOGETHER_MAX, WaitingChunks
from tests.agents.stages import Record


def chunk(offsets: range, acked: list[int], behind: int = 0) -> Chunk:
    """Return a chunk that notes its last offset when it is acknowledged."""
    return Chunk([Record(offset, b"") for offset in offsets], lambda: acked.append(offsets[-1]), behind)


def taken_count(waiting: WaitingChunks) -> int:
    """Return how many records are taken."""
    taken = waiting.take()
    assert taken is not None
    return len(taken.records)


def test_what_waits_is_taken_as_one_and_acknowledged_in_order() -> None:
    """The last chunk says how much is behind."""
    acked: list[int] = []
    waiting = WaitingChunks()
    for start in (0, 3, 6):
        waiting.put(chunk(range(start, start + 3), acked, behind=100 - start))

    taken = waiting.take()
    assert taken is not None
    taken.ack()

    assert [record.offset for record in taken.records] == list(range(9))
    assert (acked, taken.behind, len(waiting)) == ([2, 5, 8], 94, 0)


def test_no_more_is_taken_together_than_fits() -> None:
    """What does not fit stays whole for the next."""
    waiting = WaitingChunks()
    for start in (0, RECORDS_TOGETHER_MAX - 1):
        waiting.put(chunk(range(start, start + RECORDS_TOGETHER_MAX - 1), []))

    assert [taken_count(waiting) for _ in range(2)] == [RECORDS_TOGETHER_MAX - 1] * 2


def test_a_chunk_that_asks_for_something_stays_by_itself() -> None:
    """In its place: before what came after it."""
    waiting = WaitingChunks()
    asking = Chunk([], lambda: None)
    for one in (chunk(range(2), []), asking, chunk(range(2, 4), [])):
        waiting.put(one)

    assert taken_count(waiting) == 2
    assert waiting.take() is asking
    assert taken_count(waiting) == 2


def test_an_empty_queue_gives_nothing() -> None:
    """And then what comes."""
    waiting = WaitingChunks()
    assert waiting.take() is None
    waiting.put(chunk(range(1), []))

    assert taken_count(waiting) == 1


def test_a_closed_queue_gives_nothing_more() -> None:
    """Neither what waits nor what comes."""
    waiting = WaitingChunks()
    waiting.put(chunk(range(1), []))
    waiting.close()
    assert waiting.take() is None

    waiting.put(chunk(range(1), []))
    assert waiting.take() is None
