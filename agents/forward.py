"""Copies what changes an answer into the log of the stage that it changes: one log, one order.

`labels` → the payer's partition of `transactions`, marked as a verdict; the verdict travels on to the payee in a
bundle. `control` → every partition of `transactions-by-payee`, and alert rates into `candidates` too. Copying twice is
harmless: verdicts are idempotent by transaction_id, control records by their offset. So these stages keep no state but
their place.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from agents.bundle import control_bundle
from agents.control_record import AlertRatePut, parse_control
from agents.ports import KIND_CONTROL, KIND_HEADER, KIND_VERDICT, OFFSET_HEADER, Chunk, Hold, Outgoing, Part
from agents.rejected import rejected
from features.errors import RejectedTransaction
from features.transaction import parse_verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from agents.ports import Record


def forward_labels(records: Sequence[Record], partition: int) -> list[Outgoing]:
    """Return the verdicts of `labels` records for `transactions`, and what is none for `rejected`.

    A copy goes to the partition of the same number, and says which offset of `labels` it was.
    """
    outputs = []
    for record in records:
        try:
            verdict = parse_verdict(record.value, record.timestamp)
        except RejectedTransaction as exc:
            outputs.append(rejected(record, exc, "labels", partition))
            continue
        key, value = verdict.payer_vpa.encode(), record.value or b""
        headers = ((KIND_HEADER, KIND_VERDICT), (OFFSET_HEADER, str(record.offset).encode()))
        outputs.append(Outgoing("transactions", partition, key, value, headers))
    return outputs


def forward_control(records: Sequence[Record], partitions: int) -> list[Outgoing]:
    """Return each `control` record for every log that it changes answers of, and what can take no force for `rejected`.

    A bundle holds one record, however long: a rules file is large, and nothing is gained by company.
    """
    outputs = []
    for record in records:
        try:
            control = parse_control(record.value)
        except RejectedTransaction as exc:
            outputs.append(rejected(record, exc, "control", 0))
            continue
        value = record.value or b""
        bundle = control_bundle([record.offset], [value])
        outputs += [Outgoing("transactions-by-payee", partition, None, bundle) for partition in range(partitions)]
        if isinstance(control, AlertRatePut):
            headers = ((KIND_HEADER, KIND_CONTROL), (OFFSET_HEADER, str(record.offset).encode()))
            outputs.append(Outgoing("candidates", 0, None, value, headers))
    return outputs


class ForwardLogic:
    """A forwarder as a stage: `forward` says what a chunk's records become, in a thread where that may take long."""

    def __init__(self, forward: Callable[[Sequence[Record]], list[Outgoing]], *, in_thread: bool = False) -> None:
        self._forward = forward
        self._in_thread = in_thread

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the whole chunk's copies as one part."""
        if self._in_thread:
            yield Part(await asyncio.to_thread(self._forward, chunk.records))
        else:
            yield Part(self._forward(chunk.records))


class NoTable:
    """Stands where a stage has its table; a forwarder's place is kept by the consumer group."""

    waiting_bytes = 0

    def prepare(self, states: Mapping[bytes, Any], applied: bytes) -> None:
        """Keep nothing."""

    def stage(self) -> None:
        """Keep nothing."""

    async def commit(self) -> None:
        """Write nothing."""

    def close(self) -> None:
        """Release nothing."""
