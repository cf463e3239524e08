"""The payer stage: what is known of the payer strictly before each payment, sent on to the payee's partition.

Input: `transactions`, in the order of its partition: payments, verdicts and warm-up payments, told apart by a header.
Output: one bundle per payee partition and part; what cannot be decided goes to `rejected`. Applied is the offset of
the last record that counted, and the watermark: the newest event time seen, which is where catching up goes on.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from agents.bundle import BUNDLE_VERSION, Bundle, TransactionItem, VerdictItem, encode_bundle
from agents.parsing import Parsed, parse
from agents.ports import Hold, Outgoing, Part
from agents.rejected import rejected
from features import payer
from features.errors import RejectedTransaction
from features.transaction import Transaction, Verdict, is_late

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from agents.alignment import Aligner
    from agents.ports import Chunk
    from features.payer import PayerState
    from tables.partition import TablePartition

logger = logging.getLogger(__name__)

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


class PayerLogic:
    """The payer stage of one partition. `payee_partition` says where a payee's account lives."""

    def __init__(
        self,
        partition: int,
        table: TablePartition[PayerState],
        aligner: Aligner,
        payee_partition: Callable[[str], int],
    ) -> None:
        self._partition = partition
        self._table = table
        self._aligner = aligner
        self._payee_partition = payee_partition
        self._sent_heads_ms: deque[int] = deque()
        data = table.applied
        self.applied = PayerApplied() if data is None else msgspec.msgpack.decode(data, type=PayerApplied)

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk; holds where this partition would run ahead of the others."""
        if chunk.behind > BACKLOG_RECORDS and not self._aligner.catching_up(self._partition):
            self._aligner.begin(self._partition, self.applied.watermark_ms)
        parsed = [parse(record) for record in chunk.records if record.offset > self.applied.source_offset]
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
        keys = {item.content.payer_vpa.encode(): None for item in parsed if not isinstance(item.content, Exception)}
        states = self._table.load(keys)
        outputs: list[Outgoing] = []
        bundles: dict[int, list[Any]] = {}
        for item in parsed:
            try:
                self._apply(item, states, bundles)
            except RejectedTransaction as exc:
                outputs.append(rejected(item.record, exc, TOPIC, self._partition))
        for payee_partition, items in bundles.items():
            for start in range(0, len(items), BUNDLE_ITEMS_MAX):
                bundle = Bundle(BUNDLE_VERSION, self._partition, items[start : start + BUNDLE_ITEMS_MAX])
                outputs.append(Outgoing("transactions-by-payee", payee_partition, None, encode_bundle(bundle)))
        self._sent_heads_ms.append(self._aligner.heads.get(self._partition, self.applied.watermark_ms))
        self.applied.source_offset = parsed[-1].record.offset
        return Part(outputs, states, msgspec.msgpack.encode(self.applied), self._on_durable)

    def _apply(self, item: Parsed, states: dict[bytes, PayerState], bundles: dict[int, list[Any]]) -> None:
        content = item.content
        if isinstance(content, RejectedTransaction):
            raise content
        key = content.payer_vpa.encode()
        offset = item.record.offset
        try:
            if isinstance(content, Verdict):
                states[key] = payer.fold_verdict(states[key], content)
                entry: Any = VerdictItem(offset, content)
            else:
                entry = self._transaction_item(content, item, states, key)
        except (MemoryError, OSError, RejectedTransaction):
            raise
        except Exception as exc:
            logger.exception("payer stage: record %s[%d]@%d fits no state", TOPIC, self._partition, offset)
            raise RejectedTransaction("internal_error", f"{type(exc).__name__} in the payer stage") from exc
        if entry is not None:
            bundles.setdefault(self._payee_partition(content.payee_vpa), []).append(entry)

    def _transaction_item(
        self, txn: Transaction, item: Parsed, states: dict[bytes, PayerState], key: bytes
    ) -> TransactionItem | None:
        state = states[key]
        seen = payer.seen_before(state, txn)
        if seen is payer.Seen.SAME:
            return None
        if seen is payer.Seen.CONFLICT:
            detail = f"transaction_id {txn.transaction_id!r} came before with other content"
            raise RejectedTransaction("conflicting_duplicate", detail)
        features = payer.read(state, txn)
        states[key] = payer.fold(state, txn)
        self.applied.watermark_ms = max(self.applied.watermark_ms, txn.event_time_ms)
        late = not item.warm_up and is_late(txn, item.record.timestamp)
        return TransactionItem(item.record.offset, txn, features, late, item.warm_up)
