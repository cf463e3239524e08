"""The payer stage: what is known of the payer strictly before each payment, sent on to the payee's partition.

Input: `transactions`, in the order of each partition: payments, verdicts and warm-up payments, told apart by a header.
Output: bundles by payee partition; what cannot be decided goes to `rejected`. The partitions of a worker are worked on
together, in order of time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from agents.bundling import Entries
from agents.coming import Coming
from agents.merging import Kept, earliest
from agents.others import ALIGNMENT_MS, NEVER_MS
from agents.ports import Together
from agents.reading import NO_TIME, Records
from features.payer import PAYERS
from features.processed import Lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from agents.alignment import Aligner
    from agents.payer import PayerLogic
    from agents.places import Homes
    from agents.ports import Chunk

#: Most accounts a part may change: some 2 MiB of state, 16 where each of them has 8 KiB. What a part costs however
#: small it is, 10 ms of the worker's thread with cold caches, is shared by so many.
PART_ACCOUNTS_MAX = 2_048
#: Records read at once, where partitions bring more.
READ_RECORDS_MAX = 2_000


class PayerStage:
    """The payer stage of the partitions that a worker has, `lanes`. `homes` says where accounts live as payees."""

    def __init__(self, aligner: Aligner, homes: Homes) -> None:
        self.lanes: dict[int, PayerLogic] = {}
        self.wake: Callable[[], None] = lambda: None
        self._aligner = aligner
        self._homes = homes
        aligner.on_past = self._muster

    def _muster(self) -> None:
        for lane in self.lanes.values():
            lane.muster()
        self.wake()

    def wants(self, partition: int) -> bool:
        """Whether nothing is kept of a partition."""
        return self.lanes[partition].kept is None

    def held(self) -> Coroutine[Any, Any, None] | None:
        """Return what ends when the alignment has changed, where something is kept or a partition is to leave it."""
        waits = self._aligner.past.lingering or any(lane.kept for lane in self.lanes.values())
        return self._aligner.changed() if waits else None

    async def parts(self, chunks: Mapping[int, Chunk]) -> AsyncIterator[Together]:
        """Yield parts of these chunks and of what was kept, in order of time, until the rest must wait for others."""
        empty = self._read(chunks)
        if empty:
            yield Together(finished=empty)
        while (some := self._next()) is not None:
            yield some
            for partition, chunk in some.finished:
                if chunk.behind == 0:
                    self.lanes[partition].reached_end()

    def _read(self, chunks: Mapping[int, Chunk]) -> list[tuple[int, Chunk]]:
        """Keep the records of chunks; return the chunks in which nothing is new."""
        empty: list[tuple[int, Chunk]] = []
        records: list[Any] = []
        spans: list[tuple[int, int, int]] = []
        for partition, chunk in chunks.items():
            new = self.lanes[partition].new_records(chunk)
            if not new:
                empty.append((partition, chunk))
                if chunk.behind == 0:
                    self.lanes[partition].reached_end()
                continue
            if len(records) + len(new) > READ_RECORDS_MAX:
                self._keep(records, spans, chunks)
                records, spans = [], []
            spans.append((partition, len(records), len(records) + len(new)))
            records += new
        self._keep(records, spans, chunks)
        return empty

    def _keep(self, records: list[Any], spans: list[tuple[int, int, int]], chunks: Mapping[int, Chunk]) -> None:
        if records:
            read = Records(records, self._homes)
            for partition, start, end in spans:
                lane = self.lanes[partition]
                lane.keep(Kept.of(*lane.placed(read, start, end), chunks[partition]))

    def _next(self) -> Together | None:
        """Return what comes next in time; None where nothing is left that may go on."""
        for partition in self._aligner.past.lingered:
            self.lanes[partition].caught_up()
        kept = {partition: lane.kept for partition, lane in self.lanes.items() if lane.kept is not None}
        if not kept:
            return None
        times_ms = {partition: one.order_ms for partition, one in kept.items()}
        counts, order = earliest(times_ms, self._bounds_ms(kept), PART_ACCOUNTS_MAX)
        going = {partition: count for partition, count in counts.items() if count}
        if not going:
            return None
        entries = Entries([(partition, *kept[partition].give(count)) for partition, count in going.items()], order)
        finished = []
        for partition in going:
            if kept[partition].start == kept[partition].end:
                self.lanes[partition].kept = None
                finished.append((partition, kept[partition].chunk))
        return self._part(entries, finished)

    def _bounds_ms(self, kept: Mapping[int, Kept]) -> dict[int, int]:
        """Return how far partitions that are catching up may go: a second past whoever is furthest behind."""
        lanes = [self.lanes[partition] for partition in kept if self.lanes[partition].catching_up]
        reached_ms = []
        for lane in lanes:
            times_ms, behind = kept[lane.partition].order_ms, kept[lane.partition].chunk.behind
            if times_ms[0] != NO_TIME:
                lane.move(int(times_ms[0]))
            if behind > 0 or self._aligner.past.holds(int(times_ms[-1])):
                reached_ms.append(max(int(times_ms[-1]), lane.applied.watermark_ms) + ALIGNMENT_MS)
        nearest_ms = min(reached_ms, default=NEVER_MS)
        outside_ms = self._aligner.reaches_ms(
            {lane.partition: partial(Coming.of, kept[lane.partition]) for lane in lanes}
        )
        return {lane.partition: min(nearest_ms, outside_ms.get(lane.partition, NEVER_MS)) for lane in lanes}

    def _part(self, entries: Entries, finished: list[tuple[int, Chunk]]) -> Together:
        lanes = [self.lanes[partition] for partition in entries.partitions]
        loaded = [lane.table.load(places) for lane, places in zip(lanes, entries.places, strict=True)]
        states = [state for some in loaded for state in some.values()]
        watermarks_ms = [lane.applied.watermark_ms for lane in lanes]
        ends = map(Lane, entries.event_ends, watermarks_ms)
        processed = PAYERS.process_lanes(states, entries.events, list(ends))
        after, overdue = iter(processed.states), entries.overdue_ranks()
        parts = {
            lane.partition: lane.part(
                last, watermark_ms, dict(zip(places, after, strict=False)), overdue.get(lane.partition)
            )
            for lane, last, watermark_ms, places in zip(
                lanes, entries.last_offsets(), processed.watermarks_ms, entries.places, strict=True
            )
        }
        for lane in lanes:
            lane.move(NO_TIME)
        return Together(
            [*entries.rejections(), *entries.conflicts(processed), *entries.bundles(processed)], parts, finished
        )
