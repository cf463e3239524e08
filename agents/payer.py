"""The payer stage: what is known of the payer strictly before each payment, sent on to the payee's partition.

Input: `transactions`, in the order of its partition: payments, verdicts and warm-up payments, told apart by a header.
Output: one bundle per payee partition and part; what cannot be decided goes to `rejected`. Applied is the offset of
the last record that counted, and the watermark: the newest event time seen, which is where catching up goes on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from agents.bundle import BUNDLE_VERSION, Bundle, Kind, encode_bundle
from agents.names import Names
from agents.parsing import Parsed, parse
from agents.ports import Hold, Outgoing, Part
from agents.rejected import rejected
from features.errors import RejectedTransaction
from features.events import KEY, PARTY, payment_event, to_events, verdict_event
from features.payer import PAYERS
from features.side import CONFLICT, SAME
from features.transaction import Transaction, Verdict, is_late

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from agents.alignment import Aligner
    from agents.names import Name
    from agents.ports import Chunk
    from features.events import Event
    from features.side import Processed
    from tables.partition import TablePartition

TOPIC = "transactions"
#: Most accounts a part may change: with 8 KiB each, 4 MiB of state.
PART_ACCOUNTS_MAX = 512
#: Items of the largest fields allowed stay under Kafka's default of 1 MiB a record.
BUNDLE_ITEMS_MAX = 256
#: A partition this far behind its log's end drains a backlog; one that reached the end once no longer does.
BACKLOG_RECORDS = 5_000


class PayerApplied(msgspec.Struct, array_like=True):
    """What the payer stage of one partition has applied."""

    source_offset: int = -1
    watermark_ms: int = -1


class _Entry(NamedTuple):
    """A payment or verdict of a part, with whom it is between."""

    item: Parsed
    content: Transaction | Verdict
    payer: Name
    payee: Name


class PayerLogic:
    """The payer stage of one partition. `payee_partition` says where a payee's account lives."""

    def __init__(
        self,
        partition: int,
        table: TablePartition,
        aligner: Aligner,
        payee_partition: Callable[[str], int],
    ) -> None:
        self._partition = partition
        self._table = table
        self._aligner = aligner
        self._names = Names(payee_partition)
        self._sent_heads_ms: deque[int] = deque()
        data = table.applied
        self.applied = PayerApplied() if data is None else msgspec.msgpack.decode(data, type=PayerApplied)

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk; holds where this partition would run ahead of the others."""
        if chunk.behind > BACKLOG_RECORDS and not self._aligner.catching_up(self._partition):
            self._aligner.begin(self._partition, self.applied.watermark_ms)
        names, applied = self._names, self.applied.source_offset
        parsed = [parse(record, names) for record in chunk.records if record.offset > applied]
        start = 0
        while start < len(parsed):
            end = self._end_of_part(parsed, start)
            if end == start:
                head_ms = parsed[start].event_time_ms
                if head_ms is not None:  # a record without a time is never held
                    yield Hold(self._aligner.until_free(self._partition, head_ms))
                continue
            yield self._part(parsed[start:end])
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

    def _end_of_part(self, parsed: Sequence[Parsed], start: int) -> int:
        """Return where the part that begins at `start` ends: at the alignment bound, or at the most accounts."""
        bound_ms = None
        if self._aligner.catching_up(self._partition):
            head_ms = parsed[start].event_time_ms
            if head_ms is not None:
                self._aligner.move(self._partition, max(head_ms, self.applied.watermark_ms))
                self._settle()
            bound_ms = self._aligner.bound_ms(self._partition)
        end = min(start + PART_ACCOUNTS_MAX, len(parsed))
        if bound_ms is None:
            return end
        for index in range(start, end):
            event_time_ms = parsed[index].event_time_ms
            if event_time_ms is not None and event_time_ms > bound_ms:
                return index
        return end

    def _part(self, parsed: Sequence[Parsed]) -> Part:
        outputs: list[Outgoing] = []
        entries: list[_Entry] = []
        for item in parsed:
            if isinstance(item.content, RejectedTransaction):
                outputs.append(rejected(item.record, item.content, TOPIC, self._partition))
            elif item.payer is not None and item.payee is not None:
                entries.append(_Entry(item, item.content, item.payer, item.payee))
        places, events = _events(entries)
        states = self._table.load(places)
        processed = PAYERS.process(list(states.values()), to_events(events))
        outputs += self._bundles(entries, events, processed)
        self._sent_heads_ms.append(self._aligner.heads.get(self._partition, self.applied.watermark_ms))
        self.applied.source_offset = parsed[-1].record.offset
        changed = dict(zip(places, processed.states, strict=True))
        return Part(outputs, changed, msgspec.msgpack.encode(self.applied), self._on_durable)

    def _bundles(self, entries: Sequence[_Entry], events: Sequence[Event], processed: Processed) -> list[Outgoing]:
        """Return the bundles of what counts, by payee partition, and what conflicts for `rejected`."""
        outputs: list[Outgoing] = []
        by_partition: dict[int, list[int]] = {}
        for at, outcome in enumerate(processed.outcomes.tolist()):
            entry = entries[at]
            if outcome == CONFLICT:
                detail = f"transaction_id {entry.content.transaction_id!r} came before with other content"
                error = RejectedTransaction("conflicting_duplicate", detail)
                outputs.append(rejected(entry.item.record, error, TOPIC, self._partition))
            elif outcome != SAME:
                by_partition.setdefault(entry.payee.payee_partition, []).append(at)
        self.applied.watermark_ms = max(self.applied.watermark_ms, _newest_ms(entries, by_partition.values()))
        table, parties = to_events(events), np.array([entry.payer.party for entry in entries], np.int64)
        table[:, PARTY], table[:, KEY] = parties, 0
        for payee_partition, chosen in by_partition.items():
            for start in range(0, len(chosen), BUNDLE_ITEMS_MAX):
                some = chosen[start : start + BUNDLE_ITEMS_MAX]
                kept = [entries[at] for at in some]
                value = self._bundle(kept, table[some].tobytes(), processed.rows[some].tobytes())
                outputs.append(Outgoing("transactions-by-payee", payee_partition, None, value))
        return outputs

    def _bundle(self, entries: Sequence[_Entry], events: bytes, rows: bytes) -> bytes:
        bundle = Bundle(
            BUNDLE_VERSION,
            self._partition,
            [entry.item.record.offset for entry in entries],
            bytes([_kind(entry.item) for entry in entries]),
            [entry.content for entry in entries if isinstance(entry.content, Transaction)],
            [entry.content for entry in entries if isinstance(entry.content, Verdict)],
            [],
            events,
            rows,
        )
        return encode_bundle(bundle)


def _events(entries: Sequence[_Entry]) -> tuple[dict[bytes, int], list[Event]]:
    """Return the accounts of a part with their places, and what happened to them in order."""
    places: dict[bytes, int] = {}
    events = []
    for _, content, payer, payee in entries:
        place = places.setdefault(payer.key, len(places))
        if isinstance(content, Transaction):
            events.append(payment_event(content, place, payee.party))
        else:
            events.append(verdict_event(content, place, payee.party))
    return places, events


def _newest_ms(entries: Sequence[_Entry], chosen: Iterable[Sequence[int]]) -> int:
    """Return the newest event time of the chosen payments, -1 without one."""
    contents = (entries[at].content for some in chosen for at in some)
    return max((content.event_time_ms for content in contents if isinstance(content, Transaction)), default=-1)


def _kind(item: Parsed) -> Kind:
    if not isinstance(item.content, Transaction):
        return Kind.VERDICT
    if item.warm_up:
        return Kind.WARM_UP
    return Kind.LATE if is_late(item.content, item.record.timestamp) else Kind.PAYMENT
