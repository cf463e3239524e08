"""A first look at `transactions`: what each record is, which are asked for, and what verdicts say at last."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.ports import KIND_HEADER, KIND_VERDICT, KIND_WARM_UP
from features.errors import RejectedTransaction
from features.transaction import Transaction, Verdict, is_late, parse_transaction, parse_verdict

if TYPE_CHECKING:
    from aiokafka import TopicPartition
    from numpy.typing import NDArray

    from app.export.logs import Logs


class Kind(IntEnum):
    """What a record of `transactions` is; NOTHING: rejected, or not asked for."""

    NOTHING = 0
    PAYMENT = 1
    WARM_UP = 2
    VERDICT = 3


class Entry(NamedTuple):
    """One record of `transactions`, read; `watermark_ms` is the newest event time of its partition so far."""

    partition: int
    offset: int
    timestamp_ms: int
    kind: Kind
    content: Transaction | Verdict
    late: bool
    watermark_ms: int


class Reader:
    """Reads records, partition by partition in their order; keeps each partition's newest event time."""

    def __init__(self) -> None:
        self._watermarks_ms: dict[int, int] = {}

    def read(self, record: Any) -> Entry | None:
        """Return what a record is; None for one that is rejected."""
        header = next((value for name, value in record.headers if name == KIND_HEADER), None)
        place, newest_ms = (
            (record.partition, record.offset, record.timestamp),
            self._watermarks_ms.get(record.partition, 0),
        )
        try:
            if header == KIND_VERDICT:
                verdict = parse_verdict(record.value, record.timestamp)
                return Entry(*place, Kind.VERDICT, verdict, False, newest_ms)
            txn = parse_transaction(record.value, record.timestamp)
        except RejectedTransaction:
            return None
        newest_ms = self._watermarks_ms[record.partition] = max(newest_ms, txn.event_time_ms)
        if header == KIND_WARM_UP:
            return Entry(*place, Kind.WARM_UP, txn, False, newest_ms)
        return Entry(*place, Kind.PAYMENT, txn, is_late(txn, record.timestamp), newest_ms)


class Span(NamedTuple):
    """Event times asked for: from (inclusive) and until (exclusive); verdicts go by their label time."""

    since_ms: int | None
    until_ms: int | None

    def holds(self, content: Transaction | Verdict) -> bool:
        """Tell whether a payment or a verdict is asked for."""
        time_ms = content.label_time_ms if isinstance(content, Verdict) else content.event_time_ms
        return (self.since_ms is None or time_ms >= self.since_ms) and (
            self.until_ms is None or time_ms < self.until_ms
        )


class Survey(NamedTuple):
    """Per payer partition: its first offset and the kind of each record from there; and each payment's last verdict.

    `span` is what was asked for. `verdicts` maps a payer VPA and a transaction id to (is_fraud, label_time_ms); it is
    what grows with the log: some 300 bytes a verdict, and a byte a record.
    """

    first: dict[int, int]
    kinds: dict[int, NDArray[np.int8]]
    verdicts: dict[tuple[str, str], tuple[bool, int]]
    span: Span


async def survey(logs: Logs, places: dict[TopicPartition, tuple[int, int]], span: Span) -> Survey:
    """Read `transactions` once; `places` are the bounds to look at."""
    found = Survey({}, {}, {}, span)
    for tp, (begin, end) in places.items():
        found.first[tp.partition] = begin
        found.kinds[tp.partition] = np.zeros(max(0, end - begin), np.int8)
    reader = Reader()
    async for record in logs.read({tp: end for tp, (_, end) in places.items()}):
        entry = reader.read(record)
        if entry is None:
            continue
        content = entry.content
        if span.holds(content):
            found.kinds[entry.partition][entry.offset - found.first[entry.partition]] = entry.kind
        if isinstance(content, Verdict):
            found.verdicts[content.payer_vpa, content.transaction_id] = (content.is_fraud, content.label_time_ms)
    return found
