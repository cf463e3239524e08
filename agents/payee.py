"""The payee stage: fan-in strictly before each payment; then it is decided (`agents.deciding`).

Input: `transactions-by-payee`, bundles in the order of each partition; those of a worker are worked on together.
Control records stand between the payments and take force there (`agents.controlled`). Applied, of each partition, is a
vector: the last payer offset per payer partition and the last control record, so that bundles cut anew by a replay are
skipped item by item, and the sequence of decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from agents.bundle import CONTROL_SOURCE, decode_bundle
from agents.cutting import last_offsets, part_of
from agents.deciding import Decider
from agents.ports import Hold, Part, Together
from agents.work import Work
from budget.candidates import DEFAULT_RATE_PPM, CandidateFilter
from features.evidence import Before
from features.payee import PAYEES
from features.processed import Lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from agents.bundle import Bundle
    from agents.controlled import Controlled
    from agents.ports import Chunk
    from tables.partition import TablePartition

TOPIC = "transactions-by-payee"
#: Most accounts that payments of a part may change, as in the payer stage; debits change far fewer.
PART_ITEMS_MAX = 2_048


class PayeeApplied(msgspec.Struct, array_like=True):
    """What the payee stage of one partition has applied; `source_offset` is its last bundle applied whole."""

    source_offset: int = -1
    payer_offsets: dict[int, int] = msgspec.field(default_factory=dict)
    sequence: int = 0
    candidates: bytes = b""
    watermark_ms: int = -1


def applied_control(applied: bytes | None) -> int:
    """Return the last control record that a payee partition has applied, -1 before the first.

    >>> applied_control(msgspec.msgpack.encode(PayeeApplied(payer_offsets={CONTROL_SOURCE: 7}))), applied_control(None)
    (7, -1)
    """
    state = PayeeApplied() if not applied else msgspec.msgpack.decode(applied, type=PayeeApplied)
    return state.payer_offsets.get(CONTROL_SOURCE, -1)


class PayeeLogic:
    """One partition of the payee stage; `PayeeStage` works on it together with the others of the worker.

    `control` is what it decides by as of the last control record that it applied, `rate_ppm` the alert rate where no
    control record set one.
    """

    def __init__(
        self,
        partition: int,
        table: TablePartition,
        control: Controlled,
        *,
        rate_ppm: int = DEFAULT_RATE_PPM,
        decider: Decider | None = None,
    ) -> None:
        self.partition = partition
        self.table = table
        self.control = control
        self._rate_ppm = rate_ppm
        self._decider = Decider() if decider is None else decider
        data = table.applied
        self.applied = PayeeApplied() if data is None else msgspec.msgpack.decode(data, type=PayeeApplied)
        encoded = self.applied.candidates
        self.filter = CandidateFilter.decode(encoded) if encoded else CandidateFilter()
        self._set_rate()

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk as if this partition were alone."""
        stage = PayeeStage(self._decider)
        stage.lanes[self.partition] = self
        async for some in stage.parts({self.partition: chunk}):
            if isinstance(some, Hold):
                yield some
                continue
            for part in some.parts.values():
                part.outputs = some.outputs
                yield part

    async def put_in_force(self, bundle: Bundle) -> None:
        """Put a bundle's control records in force; may wait for a model that this worker does not have yet."""
        for offset, value in zip(bundle.offsets, bundle.controls, strict=True):
            if offset > self.applied.payer_offsets.get(CONTROL_SOURCE, -1):
                await self.control.apply(offset, value)
        self._set_rate()
        self.note(bundle)

    def note(self, bundle: Bundle) -> None:
        """Take the items of a bundle as applied."""
        known = self.applied.payer_offsets
        for source, offset in last_offsets(bundle).items():
            if offset > known.get(source, -1):
                known[source] = offset

    def _set_rate(self) -> None:
        rate_ppm = self.control.deciding.rate_ppm
        self.filter.set_rate(self._rate_ppm if rate_ppm is None else rate_ppm)

    def part(self, states: dict[bytes, bytes], watermark_ms: int) -> Part:
        """Take what this partition's items came to."""
        self.applied.watermark_ms = watermark_ms
        self.applied.candidates = self.filter.encode()
        return Part([], states, msgspec.msgpack.encode(self.applied))


class PayeeStage:
    """The payee stage of the partitions that a worker has, `lanes`."""

    def __init__(self, decider: Decider) -> None:
        self.lanes: dict[int, PayeeLogic] = {}
        self.decider = decider

    def wants(self, partition: int) -> bool:  # noqa: ARG002 - nothing is ever kept
        """Whether a chunk may be taken: always."""
        return True

    def held(self) -> None:
        """Keep nothing, so that nothing is held."""

    async def parts(self, chunks: Mapping[int, Chunk]) -> AsyncIterator[Together | Hold]:
        """Yield the parts of chunks: those of one partition behind those of another, whole bundles together."""
        work = Work()
        finished: list[tuple[int, Chunk]] = []
        for partition, chunk in chunks.items():
            lane = self.lanes[partition]
            work.open(partition)
            for record in chunk.records:
                if record.offset <= lane.applied.source_offset or record.value is None:
                    continue
                bundle = decode_bundle(record.value)
                if bundle.controls:
                    # Whatever came before is decided by what was in force before.
                    yield self._part(work, finished)
                    yield Hold(lane.put_in_force(bundle))
                    work, finished = _begun(partition), []
                start = 0
                while start < len(bundle.offsets) and not bundle.controls:
                    end = start + PART_ITEMS_MAX - len(work)
                    some = part_of(bundle, start, end)
                    work.add(some, lane.applied.payer_offsets)
                    lane.note(some)
                    start = end
                    if len(work) >= PART_ITEMS_MAX:
                        yield self._part(work, finished)
                        work, finished = _begun(partition), []
                # Only now is the bundle whole: a part that ends inside it leaves it to be read again.
                lane.applied.source_offset = record.offset
            finished.append((partition, chunk))
        if chunks:
            yield self._part(work, finished)

    def _part(self, work: Work, finished: Sequence[tuple[int, Chunk]]) -> Together:
        closed, lanes = work.close(), [self.lanes[partition] for partition in work.partitions]
        loaded = [lane.table.load(places) for lane, places in zip(lanes, work.places, strict=True)]
        states = [state for some in loaded for state in some.values()]
        ends = [Lane(end, lane.applied.watermark_ms) for end, lane in zip(closed.event_ends, lanes, strict=True)]
        processed = PAYEES.process_lanes(states, closed.events, ends)
        before, rows = Before(states, closed.events, closed.chosen, ends), work.rows(processed.rows)
        outputs = self.decider.decide(lanes, closed, rows, before)
        after, parts = iter(zip(states, processed.states, strict=True)), {}
        for lane, places, watermark_ms in zip(lanes, work.places, processed.watermarks_ms, strict=True):
            changed = {key: state for key, (known, state) in zip(places, after, strict=False) if state != known}
            parts[lane.partition] = lane.part(changed, watermark_ms)
        return Together(outputs, parts, finished)


def _begun(partition: int) -> Work:
    work = Work()
    work.open(partition)
    return work
