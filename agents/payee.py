"""The payee stage and the score: fan-in strictly before each payment, then rules, model and risk for the whole part.

Input: `transactions-by-payee`, bundles in the order of its partition. Output: one decision per payment to the payer's
partition of `decisions`, and one run per part to `candidates`. Control records stand between the payments and take
force there (`agents.controlled`). Applied is a vector: the last payer offset per payer partition and the last control
record, so that bundles cut anew by a replay are skipped item by item, and the sequence of decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from agents.beside import beside_json
from agents.bundle import CONTROL_SOURCE, decode_bundle
from agents.decision import NO_MODEL, Place, decisions_json
from agents.listed import find, may_alert, with_blocks
from agents.ports import Hold, Outgoing, OutgoingMany, Part
from agents.run import OUTSIDE_BUDGET, RUN_VERSION, Run, candidates_of, encode_run
from agents.work import Work
from budget.candidates import DEFAULT_RATE_PPM, CandidateFilter
from features.clock import DAY_MS, IST_OFFSET_MS
from features.evidence import Before
from features.payee import PAYEES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from agents.bundle import Bundle
    from agents.controlled import Controlled
    from agents.lists import Listing
    from agents.ports import Chunk, Output
    from agents.work import Decisions
    from features.pieces import Pieces
    from features.transaction import Transaction
    from models.artifact import Model
    from models.scoring import Score, Scores
    from tables.partition import TablePartition

    OnScored = Callable[[Model, NDArray[np.float64], NDArray[np.float64]], None]

TOPIC = "transactions-by-payee"
#: Most accounts that payments of a part may change: with 8 KiB each, 4 MiB of state; debits change far fewer.
PART_ITEMS_MAX = 512


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
    """The payee stage of one partition.

    `control` is what it decides by as of the last control record that it applied, `rate_ppm` the alert rate where no
    control record set one. `on_scored` is told what the model in force scored, `on_decision` each decision for the log
    when asked; `send_features` is whether decisions carry features.
    """

    def __init__(
        self,
        partition: int,
        table: TablePartition,
        control: Controlled,
        *,
        rate_ppm: int = DEFAULT_RATE_PPM,
        send_features: bool = True,
        on_decision: Callable[[Transaction, Score], None] | None = None,
        on_scored: OnScored | None = None,
    ) -> None:
        self._partition = partition
        self._table = table
        self._control = control
        self._rate_ppm = rate_ppm
        self._send_features = send_features
        self._on_decision = on_decision
        self._on_scored = on_scored
        data = table.applied
        self.applied = PayeeApplied() if data is None else msgspec.msgpack.decode(data, type=PayeeApplied)
        encoded = self.applied.candidates
        self._filter = CandidateFilter.decode(encoded) if encoded else CandidateFilter()
        self._set_rate()

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the parts of a chunk: whole bundles together, or pieces of a large one."""
        work = Work()
        for record in chunk.records:
            if record.offset <= self.applied.source_offset or record.value is None:
                continue
            bundle = decode_bundle(record.value)
            source, start = bundle.payer_partition, 0
            if source == CONTROL_SOURCE:
                # Whatever came before is decided by what was in force before.
                yield self._part(work)
                work = Work()
                yield Hold(self._put_in_force(bundle))
            while start < len(bundle.offsets):
                room = PART_ITEMS_MAX - len(work)
                if source != CONTROL_SOURCE:
                    work.add(bundle, start, start + room, self.applied.payer_offsets.get(source, -1))
                start += room
                last = bundle.offsets[min(start, len(bundle.offsets)) - 1]
                self.applied.payer_offsets[source] = max(self.applied.payer_offsets.get(source, -1), last)
                if len(work) >= PART_ITEMS_MAX:
                    yield self._part(work)
                    work = Work()
            # Only now is the bundle whole: a part that ends inside it leaves it to be read again.
            self.applied.source_offset = record.offset
        yield self._part(work)

    async def _put_in_force(self, bundle: Bundle) -> None:
        """Put a bundle's control records in force; may wait for a model that this worker does not have yet."""
        for offset, value in zip(bundle.offsets, bundle.controls, strict=True):
            if offset > self.applied.payer_offsets.get(CONTROL_SOURCE, -1):
                await self._control.apply(offset, value)
        self._set_rate()

    def _set_rate(self) -> None:
        rate_ppm = self._control.deciding.rate_ppm
        self._filter.set_rate(self._rate_ppm if rate_ppm is None else rate_ppm)

    def _part(self, work: Work) -> Part:
        events, decisions, chosen = work.close()
        before = Before(list(self._table.load(work.places).values()), events, chosen, self.applied.watermark_ms)
        processed = PAYEES.process(before.states, events, before.watermark_ms)
        self.applied.watermark_ms = processed.watermark_ms
        outputs = self._decide(decisions, work.rows(processed.rows, chosen), before) if len(chosen) else []
        self.applied.candidates = self._filter.encode()
        states = zip(work.places, before.states, processed.states, strict=True)
        changed = {key: state for key, known, state in states if state != known}  # a debit leaves most as they are
        return Part(outputs, changed, msgspec.msgpack.encode(self.applied))

    def _decide(self, decisions: Decisions, rows: NDArray[np.float64], before: Before) -> list[Output]:
        deciding, lists = self._control.deciding, self._control.lists
        scores, model = deciding.scorer.columns(rows), deciding.scorer.model
        if self._on_scored is not None and model is not None and scores.probabilities is not None:
            self._on_scored(model, rows, scores.probabilities)
        versions = (NO_MODEL if model is None else model.version, deciding.scorer.rules.version)
        listings = find(lists, decisions.each()) if lists else None
        if listings is not None:
            scores = with_blocks(scores, listings)
        first = self.applied.sequence
        place = Place(self._partition, first, self._control.offset)
        shown = rows if self._send_features else None
        values = decisions_json(decisions, scores, shown, versions, place, beside=beside_json(deciding, rows, listings))
        outputs: list[Output] = list(_by_source(decisions, values))
        if self._on_decision is not None:
            for one, score in zip(decisions.each(), scores.each(), strict=True):
                self._on_decision(one.transaction, score)
        self.applied.sequence = first + decisions.size
        outputs.append(
            Outgoing("candidates", 0, None, self._run(decisions, rows, scores, listings, versions, before=before))
        )
        return outputs

    def _run(
        self,
        decisions: Decisions,
        rows: NDArray[np.float64],
        scores: Scores,
        listings: Sequence[Listing | None] | None,
        versions: tuple[str, str],
        *,
        before: Before,
    ) -> bytes:
        """Return what the budget is told: each payment's day and bucket, and whole what may become an alert."""
        first = self.applied.sequence - decisions.size
        days = np.where(decisions.late, OUTSIDE_BUDGET, (decisions.times_ms + IST_OFFSET_MS) // DAY_MS).tolist()
        buckets = scores.buckets.tolist()
        passing = self._filter.passing(buckets, [day != OUTSIDE_BUDGET for day in days])
        passing = [at for at in passing if may_alert(listings, at)]
        candidates = candidates_of(passing, first, (decisions, rows, scores), before)
        return encode_run(Run(RUN_VERSION, self._partition, first, *versions, days, buckets, candidates))


def _by_source(decisions: Decisions, values: Pieces) -> Iterator[OutgoingMany]:
    """Yield decisions by the partition that their payers' payments came from, keyed by the payers."""
    keys = decisions.payer_keys()
    for source in np.unique(decisions.sources).tolist():
        at = np.flatnonzero(decisions.sources == source)
        yield OutgoingMany("decisions", source, keys.chosen(at), values.chosen(at))
