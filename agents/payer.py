"""One partition of the payer stage: what it has applied, and where it stands among others that catch up.

Applied is the offset of the last record that counted, and the watermark: the newest event time seen, which is where
catching up goes on. The work itself is done for all partitions of a worker together: `agents.payer_stage`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from agents.bundle import Kind
from agents.coming import Coming, sparse
from agents.leased import Lease
from agents.overdue import Overdue, OverdueVerdicts
from agents.past import is_past
from agents.payer_stage import PayerStage
from agents.ports import Hold, Part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from agents.alignment import Aligner
    from agents.merging import Kept
    from agents.overdue import Waiting
    from agents.places import Homes
    from agents.ports import Chunk, Record
    from agents.reading import Records
    from tables.partition import TablePartition

#: A partition this far behind its log's end drains a backlog; one that reached the end once no longer does.
BACKLOG_RECORDS = 1_000


class PayerApplied(msgspec.Struct, array_like=True):
    """What the payer stage of one partition has applied, and whether it was in the middle of a backlog.

    `overdue`: the verdicts that it took from `labels`, as they came while payments waited. `leased_until`: nobody has
    put out anything that comes of a record from this offset on (`agents.leased`).
    """

    source_offset: int = -1
    watermark_ms: int = -1
    catching_up: bool = False
    overdue: Overdue | None = None
    leased_until: int = 0


def applied_of(data: bytes | None) -> PayerApplied:
    """Return what these bytes say is applied.

    >>> applied_of(None).source_offset, applied_of(leased(None, 7)).leased_until
    (-1, 7)
    """
    return PayerApplied() if data is None else msgspec.msgpack.decode(data, type=PayerApplied)


def leased(data: bytes | None, until_offset: int) -> bytes:
    """Return what is applied with another lease."""
    applied = applied_of(data)
    applied.leased_until = until_offset
    return msgspec.msgpack.encode(applied)


def has_backlog(applied: PayerApplied, behind: int, now_ms: int) -> bool:
    """Tell whether a partition drains a backlog that is opened with so many records behind what it has applied.

    Any record counts where its newest payment is of the past. A former owner that was in the middle of one left it to
    be gone on with, however little is left.

    >>> day = PayerApplied(watermark_ms=86_400_000)
    >>> [has_backlog(day, behind, 86_430_000) for behind in (0, 1, 1_001)], has_backlog(day, 1, 86_500_000)
    ([False, False, True], True)
    """
    waits_long = applied.catching_up or is_past(applied.watermark_ms, now_ms)
    return behind > (0 if waits_long else BACKLOG_RECORDS)


class PayerLogic:
    """One partition of the payer stage; `stage` works on it together with the others of the worker."""

    def __init__(self, partition: int, table: TablePartition, aligner: Aligner, homes: Homes) -> None:
        self.partition = partition
        self.table = table
        self.kept: Kept | None = None
        self._aligner = aligner
        self._homes = homes
        self._sent_heads_ms: deque[int] = deque()
        self.applied = applied_of(table.applied)
        self.lease = Lease(self.applied.leased_until, self.applied.source_offset + 1, leased)
        noted = self.applied.overdue
        self._overdue = None if noted is None else OverdueVerdicts(noted, [], homes)

    def take_overdue(self, noted: Overdue, verdicts: list[Waiting]) -> bytes:
        """Take verdicts to put in their places; return what is applied, to be durable before the first chunk."""
        self.applied.overdue = noted
        self._overdue = OverdueVerdicts(noted, verdicts, self._homes)
        return msgspec.msgpack.encode(self.applied)

    def placed(self, read: Records, start: int, end: int) -> tuple[Records, int, int]:
        """Return records of this partition with the overdue verdicts among them in their places."""
        return (read, start, end) if self._overdue is None else self._overdue.place(read, start, end)

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk as if this partition were alone; holds where it would run ahead of others."""
        stage = PayerStage(self._aligner, self._homes)
        stage.lanes[self.partition] = self
        chunks = {self.partition: chunk}
        while True:
            async for some in stage.parts(chunks):
                for part in some.parts.values():
                    part.outputs = some.outputs
                    yield part
            held, chunks = stage.held(), {}
            if held is None:
                return
            yield Hold(held)

    def new_records(self, chunk: Chunk) -> list[Record]:
        """Return those of a chunk that are not applied, and take part in catching up where it is far behind."""
        if chunk.behind > BACKLOG_RECORDS and not self.catching_up:
            self._aligner.begin(self.partition, self.applied.watermark_ms)
        applied = self.applied.source_offset
        return [record for record in chunk.records if record.offset > applied]

    @property
    def catching_up(self) -> bool:
        """Whether this partition drains a backlog."""
        return self._aligner.catching_up(self.partition)

    def keep(self, kept: Kept) -> None:
        """Keep records that are worked on next, and tell other workers of them where they are sparse."""
        self.kept = kept
        if not self.catching_up and self._is_past(kept):
            self._aligner.begin_past(self.partition, self.applied.watermark_ms)
        if self.catching_up:
            since_ms = max(int(kept.order_ms[0]), self.applied.watermark_ms)
            until_ms = max(int(kept.order_ms[-1]), self.applied.watermark_ms)
            count = len(kept.order_ms)
            coming = Coming.of(kept, since_ms, count) if sparse(count, until_ms - since_ms) else None
            self._aligner.announce(self.partition, until_ms, coming)

    def _is_past(self, kept: Kept) -> bool:
        """Whether payments of the past come, to be decided, and newer ones than were here."""
        newest_ms = int(kept.order_ms[-1])
        new = newest_ms > self.applied.watermark_ms and self._aligner.past.holds(newest_ms)
        return new and bool((kept.read.kinds[kept.start : kept.end] != Kind.WARM_UP).any())

    def reached_end(self) -> None:
        """Leave the alignment, as the log's end is reached: at once, or among payments of the past in a moment."""
        if self.catching_up and self._aligner.past.holds(self.applied.watermark_ms):
            self._aligner.past.linger(self.partition)
            self.lease.calm()
        else:
            self.caught_up()

    def muster(self) -> None:
        """Hold others that are brought payments of the past for a moment: this partition may be brought some too."""
        if not self.catching_up and self._aligner.past.holds(self.applied.watermark_ms):
            self._aligner.begin(self.partition, self.applied.watermark_ms)
            self._aligner.past.linger(self.partition)

    def caught_up(self) -> None:
        """Leave the alignment: nothing more comes for now."""
        if self.catching_up:
            self._aligner.leave(self.partition)
            self._settle()
            self.lease.calm()

    def move(self, head_ms: int) -> None:
        """Say, while catching up, what comes next."""
        if self.catching_up:
            self._aligner.move(self.partition, max(head_ms, self.applied.watermark_ms))
            self._settle()

    def _settle(self) -> None:
        """Tell how far everything is acknowledged: to the oldest part on its way, or to the head."""
        oldest_ms = self._sent_heads_ms[0] if self._sent_heads_ms else self._aligner.heads.get(self.partition)
        self._aligner.settle(self.partition, oldest_ms)

    def _on_durable(self) -> None:
        self._sent_heads_ms.popleft()
        if self.catching_up or self.partition in self._aligner.durable_heads:
            self._settle()

    def part(
        self, last_offset: int, watermark_ms: int, states: Mapping[bytes, bytes], overdue_rank: int | None = None
    ) -> Part:
        """Take what this partition's records came to; the overdue verdict of that rank was the last of them."""
        self.applied.watermark_ms = watermark_ms
        self._sent_heads_ms.append(self._aligner.heads.get(self.partition, watermark_ms))
        self.applied.source_offset = last_offset
        self.applied.catching_up = self.catching_up
        if self.applied.overdue is not None and overdue_rank is not None:
            self.applied.overdue.applied = overdue_rank + 1 - self.applied.overdue.first_rank
        return Part([], states, msgspec.msgpack.encode(self.applied), self._on_durable, last_offset + 1)
