"""Gives back what an account's silence has made unreadable: a few accounts at a time, in the stage's own order.

A sweep is a part without outputs: it goes through the same queue, changelog transaction and fencing as every other,
and a tombstone takes an account out of RocksDB and changelog. What it may give up is a function of the partition's
newest event time, which the stage gives up too, before it reads (`features.expiry`): no answer tells whether a sweep
ran. A round over the whole table begins when a day of event time has passed since the last one began.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from agents.ports import Chunk, Hold, Part
from features.clock import DAY_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from features.side import Side
    from tables.partition import TablePartition

#: Accounts looked at in one go: a millisecond or two.
SLICE_ACCOUNTS = 500
ROUND_EVERY_MS = DAY_MS


@dataclass(slots=True)
class SweepChunk(Chunk):
    """Asks a stage to look at some accounts; it holds no records."""


def sweep_chunk() -> SweepChunk:
    """Return a chunk that asks for one slice."""
    return SweepChunk([], lambda: None)


class Sweeping:
    """A stage's logic that also sweeps its table when it is given a `SweepChunk`."""

    def __init__(self, logic: Any, table: TablePartition, side: Side) -> None:
        self.logic = logic
        self.table = table
        self._side = side
        self._after = b""
        self._round_ms: int | None = None
        self._sweeping = False

    @property
    def applied(self) -> Any:
        """What the stage has applied."""
        return self.logic.applied

    @property
    def wants(self) -> bool:
        """Whether there is something to look at: a round is under way or due."""
        watermark_ms = self.applied.watermark_ms
        return self._sweeping or (
            watermark_ms >= 0 and (self._round_ms is None or watermark_ms - self._round_ms >= ROUND_EVERY_MS)
        )

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the stage's parts, or what a slice of the sweep gives up."""
        if not isinstance(chunk, SweepChunk):
            async for part in self.logic.parts(chunk):
                yield part
        elif self.wants:
            changed = self._slice()
            if changed:
                yield Part([], changed, msgspec.msgpack.encode(self.applied))

    def _slice(self) -> dict[bytes, bytes]:
        """Return the accounts of the next slice that can be given up, whole or but for a stub."""
        watermark_ms = self.applied.watermark_ms
        if not self._sweeping:
            self._sweeping, self._after, self._round_ms = True, b"", watermark_ms
        stored = dict(islice(self.table.store.items(self._after), SLICE_ACCOUNTS))
        if len(stored) < SLICE_ACCOUNTS:
            self._sweeping = False
        else:
            self._after = next(reversed(stored))
        # RocksDB may be behind what is on its way: what could go by it is looked at again as it is now.
        due = self._shrunk(stored, watermark_ms)
        return self._shrunk(self.table.load(due), watermark_ms) if due else {}

    def _shrunk(self, states: dict[bytes, bytes], now_ms: int) -> dict[bytes, bytes]:
        """Return those of the states that shrink, shrunk."""
        after = self._side.shrink_all(list(states.values()), now_ms)
        return {key: new for (key, old), new in zip(states.items(), after, strict=True) if new != old}
