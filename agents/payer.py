"""The payer stage: what is known of the payer strictly before each payment, sent on to the payee's partition.

Input: `transactions`, in the order of its partition: payments, verdicts and warm-up payments, told apart by a header.
Output: one bundle per payee partition and part; what cannot be decided goes to `rejected`. Applied is the offset of
the last record that counted, and the watermark: the newest event time seen, which is where catching up goes on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from agents.bundling import Entries
from agents.ports import Hold, Part
from agents.reading import NO_TIME, Records
from agents.rejected import rejected
from features.payer import PAYERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agents.alignment import Aligner
    from agents.names import Names
    from agents.ports import Chunk
    from tables.partition import TablePartition

TOPIC = "transactions"
#: Most accounts a part may change: with 8 KiB each, 4 MiB of state.
PART_ACCOUNTS_MAX = 512
#: A partition this far behind its log's end drains a backlog; one that reached the end once no longer does.
BACKLOG_RECORDS = 1_000


class PayerApplied(msgspec.Struct, array_like=True):
    """What the payer stage of one partition has applied, and whether it was in the middle of a backlog."""

    source_offset: int = -1
    watermark_ms: int = -1
    catching_up: bool = False


class PayerLogic:
    """The payer stage of one partition. `names` may be shared by the partitions of a worker."""

    def __init__(
        self,
        partition: int,
        table: TablePartition,
        aligner: Aligner,
        names: Names,
    ) -> None:
        self._partition = partition
        self._table = table
        self._aligner = aligner
        self._names = names
        self._sent_heads_ms: deque[int] = deque()
        data = table.applied
        self.applied = PayerApplied() if data is None else msgspec.msgpack.decode(data, type=PayerApplied)

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk; holds where this partition would run ahead of the others."""
        if chunk.behind > BACKLOG_RECORDS and not self._aligner.catching_up(self._partition):
            self._aligner.begin(self._partition, self.applied.watermark_ms)
        applied = self.applied.source_offset
        read = Records([record for record in chunk.records if record.offset > applied], self._names)
        start = 0
        while start < len(read):
            end = self._end_of_part(read, start)
            if end == start:
                yield Hold(self._aligner.until_free(self._partition, int(read.times_ms[start])))
                continue
            yield self._part(read, start, end)
            start = end
        if chunk.behind == 0:
            self.caught_up()

    def caught_up(self) -> None:
        """Leave the alignment: the log's end is reached."""
        if self._aligner.catching_up(self._partition):
            self._aligner.leave(self._partition)
            self._settle()

    def _settle(self) -> None:
        """Tell how far everything is acknowledged: to the oldest part on its way, or to the head."""
        oldest_ms = self._sent_heads_ms[0] if self._sent_heads_ms else self._aligner.heads.get(self._partition)
        self._aligner.settle(self._partition, oldest_ms)

    def _on_durable(self) -> None:
        self._sent_heads_ms.popleft()
        if self._aligner.catching_up(self._partition) or self._partition in self._aligner.durable_heads:
            self._settle()

    def _end_of_part(self, read: Records, start: int) -> int:
        """Return where the part that begins at `start` ends: at the alignment bound, or at the most accounts.

        A record without a time is never held.
        """
        bound_ms = None
        if self._aligner.catching_up(self._partition):
            head_ms = int(read.times_ms[start])
            if head_ms != NO_TIME:
                self._aligner.move(self._partition, max(head_ms, self.applied.watermark_ms))
                self._settle()
            bound_ms = self._aligner.bound_ms(self._partition)
        end = min(start + PART_ACCOUNTS_MAX, len(read))
        if bound_ms is None:
            return end
        beyond = read.times_ms[start:end] > bound_ms
        return start + int(beyond.argmax()) if beyond.any() else end

    def _part(self, read: Records, start: int, end: int) -> Part:
        outputs = [
            rejected(read.records[at], error, TOPIC, self._partition)
            for at, error in read.rejections.items()
            if start <= at < end
        ]
        entries = Entries(read, start, end)
        states = self._table.load(entries.places)
        processed = PAYERS.process(list(states.values()), entries.events, self.applied.watermark_ms)
        outputs += entries.conflicts(processed, self._partition)
        outputs += entries.bundles(processed, self._partition)
        self.applied.watermark_ms = processed.watermark_ms
        self._sent_heads_ms.append(self._aligner.heads.get(self._partition, self.applied.watermark_ms))
        self.applied.source_offset = read.records[end - 1].offset
        self.applied.catching_up = self._aligner.catching_up(self._partition)
        changed = dict(zip(entries.places, processed.states, strict=True))
        return Part(outputs, changed, msgspec.msgpack.encode(self.applied), self._on_durable)
