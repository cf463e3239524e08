"""Chunks that wait for a stage: those that came meanwhile are taken as one.

A part costs most of a millisecond however few records it has. A stage that falls behind catches up by larger parts.
"""

from __future__ import annotations

from collections import deque

from agents.ports import Chunk

#: Records that are taken together at most.
RECORDS_TOGETHER_MAX = 1_000


class WaitingChunks:
    """A queue of chunks for one partition."""

    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._chunks)

    def put(self, chunk: Chunk) -> None:
        """Put a chunk behind the others; a closed queue drops it."""
        if not self._closed:
            self._chunks.append(chunk)

    def close(self) -> None:
        """Drop what waits and what comes."""
        self._closed = True
        self._chunks.clear()

    def take(self) -> Chunk | None:
        """Return the oldest chunk, with those behind it that fit; None where none waits.

        One without records asks for something else, and stays by itself.
        """
        if not self._chunks:
            return None
        chunks = [self._chunks.popleft()]
        count = len(chunks[0].records)
        while count and self._chunks and 0 < len(self._chunks[0].records) <= RECORDS_TOGETHER_MAX - count:
            chunks.append(self._chunks.popleft())
            count += len(chunks[-1].records)
        return chunks[0] if len(chunks) == 1 else _as_one(chunks)


def _as_one(chunks: list[Chunk]) -> Chunk:
    acks = [chunk.ack for chunk in chunks]  # which outlive the records

    def ack() -> None:
        for each in acks:
            each()

    return Chunk([record for chunk in chunks for record in chunk.records], ack, chunks[-1].behind)
