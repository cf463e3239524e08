"""The payee stage and the score: fan-in strictly before each payment, then rules, model and risk for the whole part.

Input: `transactions-by-payee`, bundles in the order of its partition. Output: one decision per payment to the payer's
partition of `decisions`, and one run per part to `candidates`. Applied is a vector: the last payer offset per payer
partition, so that bundles cut anew by a replay are skipped item by item, and the sequence of decisions.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from agents.bundle import CONTROL_SOURCE, Bundle, ControlItem, TransactionItem, VerdictItem, decode_bundle
from agents.decision import NO_MODEL, decision_json
from agents.ports import Hold, Outgoing, Part
from agents.rejected import rejected_original
from agents.run import OUTSIDE_BUDGET, RUN_VERSION, Candidate, Run, encode_run
from budget.candidates import CandidateFilter
from features import payee
from features.clock import ist_day
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from agents.ports import Chunk
    from features.payee import PayeeState
    from models.scoring import Score, Scorer
    from tables.partition import TablePartition

logger = logging.getLogger(__name__)

TOPIC = "transactions-by-payee"
#: Most accounts a part may change: with 8 KiB each, 4 MiB of state.
PART_ITEMS_MAX = 512

Item = TransactionItem | VerdictItem | ControlItem


class PayeeApplied(msgspec.Struct, array_like=True):
    """What the payee stage of one partition has applied; `source_offset` is its last bundle applied whole."""

    source_offset: int = -1
    payer_offsets: dict[int, int] = msgspec.field(default_factory=dict)
    sequence: int = 0
    candidates: bytes = b""


class PayeeLogic:
    """The payee stage of one partition.

    `on_decision` is told each decision for the log when asked; `send_features` is whether decisions carry features.
    """

    def __init__(
        self,
        partition: int,
        table: TablePartition[PayeeState],
        scorer: Scorer,
        *,
        send_features: bool = True,
        on_decision: Callable[[TransactionItem, Score], None] | None = None,
    ) -> None:
        self._partition = partition
        self._table = table
        self._scorer = scorer
        self._send_features = send_features
        self._on_decision = on_decision
        data = table.applied
        self.applied = PayeeApplied() if data is None else msgspec.msgpack.decode(data, type=PayeeApplied)
        encoded = self.applied.candidates
        self._filter = CandidateFilter.decode(encoded) if encoded else CandidateFilter()

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk: whole bundles together, or pieces of a large one."""
        items: list[tuple[int, Item]] = []
        for record in chunk.records:
            if record.offset <= self.applied.source_offset or record.value is None:
                continue
            for item in self._new_items(decode_bundle(record.value)):
                items.append(item)
                if len(items) >= PART_ITEMS_MAX:
                    yield self._part(items)
                    items = []
            # Only now is the bundle whole: a part that ends inside it leaves it to be read again.
            self.applied.source_offset = record.offset
        yield self._part(items)

    def _new_items(self, bundle: Bundle) -> Iterator[tuple[int, Item]]:
        source = bundle.payer_partition
        for item in bundle.items:
            if item.offset > self.applied.payer_offsets.get(source, -1):
                self.applied.payer_offsets[source] = item.offset
                yield source, item

    def _part(self, items: list[tuple[int, Item]]) -> Part:
        states = self._table.load({_account(item): None for source, item in items if source != CONTROL_SOURCE})
        outputs: list[Outgoing] = []
        decided: list[tuple[int, TransactionItem]] = []
        rows: list[list[float]] = []
        for source, item in items:
            try:
                row = _apply(item, states)
            except (MemoryError, OSError):
                raise
            except Exception as exc:
                logger.exception("payee stage: payment at transactions[%d]@%d fits no state", source, item.offset)
                outputs.append(_rejected(exc, source, item))
                continue
            if row is not None and isinstance(item, TransactionItem):
                decided.append((source, item))
                rows.append(row)
        outputs += self._decide(decided, rows) if decided else []
        self.applied.candidates = self._filter.encode()
        return Part(outputs, states, msgspec.msgpack.encode(self.applied))

    def _decide(self, decided: list[tuple[int, TransactionItem]], rows: list[list[float]]) -> list[Outgoing]:
        scores = self._scorer.score(np.array(rows))
        model = self._scorer.model
        versions = (NO_MODEL if model is None else model.version, self._scorer.rules.version)
        first = self.applied.sequence
        outputs = []
        days, buckets, candidates = [], [], []
        for sequence, ((source, item), row, score) in enumerate(zip(decided, rows, scores, strict=True), first):
            features = row if self._send_features else None
            value = decision_json(item, score, features, versions, (self._partition, sequence))
            outputs.append(Outgoing("decisions", source, item.transaction.payer_vpa.encode(), value))
            day = OUTSIDE_BUDGET if item.late else ist_day(item.transaction.event_time_ms)
            days.append(day)
            buckets.append(score.bucket)
            if day != OUTSIDE_BUDGET and self._filter.consider(score.bucket):
                candidates.append(_candidate(sequence, source, item, row, score))
            if self._on_decision is not None:
                self._on_decision(item, score)
        self.applied.sequence = first + len(decided)
        run = Run(RUN_VERSION, self._partition, first, *versions, days, buckets, candidates)
        outputs.append(Outgoing("candidates", 0, None, encode_run(run)))
        return outputs


def _apply(item: Item, states: dict[bytes, PayeeState]) -> list[float] | None:
    """Fold an item into its account; return the full row of a payment that is to be decided."""
    if isinstance(item, ControlItem):
        return None
    key = _account(item)
    if isinstance(item, VerdictItem):
        states[key] = payee.fold_verdict(states[key], item.verdict)
        return None
    row = item.features + payee.read(states[key], item.transaction)
    states[key] = payee.fold(states[key], item.transaction)
    return None if item.warm_up else row


def _account(item: Item) -> bytes:
    if isinstance(item, TransactionItem):
        return item.transaction.payee_vpa.encode()
    if isinstance(item, VerdictItem):
        return item.verdict.payee_vpa.encode()
    raise TypeError("a control item belongs to no account")


def _rejected(exc: Exception, source: int, item: Item) -> Outgoing:
    error = RejectedTransaction("internal_error", f"{type(exc).__name__} in the payee stage")
    place = ("transactions", source, item.offset)
    return rejected_original(error, place, None, msgspec.json.encode(item))


def _candidate(sequence: int, source: int, item: TransactionItem, row: list[float], score: Score) -> Candidate:
    return Candidate(
        sequence,
        item.transaction,
        row,
        score.fraud_probability,
        score.rule_score,
        score.rules,
        score.risk,
        score.tier,
        source,
        item.offset,
    )
