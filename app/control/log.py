"""Reads the topic `control`: one partition, kept for ever, so what was in force at any of its offsets can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.in_force import InForce, fold_all
from features.errors import AppliedBeyondEnd, ControlError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

TOPIC = "control"
_POLL_MS = 1_000
_BATCH_RECORDS = 2_000

Records = list[tuple[int, bytes | None]]


async def read_batches(
    client_options: Mapping[str, Any], topic_prefix: str, *, after: int = -1, last: int | None = None
) -> AsyncIterator[Records]:
    """Yield the records behind `after`, up to `last` (inclusive; None: the end as it stands now), batch by batch.

    Raises `AppliedBeyondEnd` where `last` was never written, `ControlError` where the log lost its beginning.
    """
    place = TopicPartition(topic_prefix + TOPIC, 0)
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="none", **client_options)
    try:
        await consumer.start()
        consumer.assign([place])
        begin = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        if begin > 0:
            raise ControlError(
                f"needed {place.topic} from its first record, got it from offset {begin}: what was put in force before "
                "is lost. Restore the topic, or put rules, model and lists in force anew under another "
                "PRAHARI_TOPIC_PREFIX; its retention.ms must be -1."
            )
        if last is not None and last >= end:
            raise AppliedBeyondEnd(
                f"needed {place.topic} up to offset {last}, which a stage has applied; it ends at {end}: restore the "
                "topic, or wipe state and changelogs together"
            )
        stop = end if last is None else last + 1
        if after + 1 < stop:
            consumer.seek(place, after + 1)
        while after + 1 < stop:
            fetched = await consumer.getmany(place, timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
            records = [(record.offset, record.value) for record in fetched.get(place, []) if record.offset < stop]
            after = max(after, await consumer.position(place) - 1)
            if records:
                yield records
    finally:
        await consumer.stop()


async def read_all(client_options: Mapping[str, Any], topic_prefix: str) -> Records:
    """Return every record of the log, for an audit trail."""
    return [record async for batch in read_batches(client_options, topic_prefix) for record in batch]


async def fold_log(
    client_options: Mapping[str, Any], topic_prefix: str, *, start: InForce | None = None, last: int | None = None
) -> InForce:
    """Return what is in force after the record at `last` (None: at the log's end), folding on from `start`."""
    in_force = InForce() if start is None else start
    async for records in read_batches(client_options, topic_prefix, after=in_force.offset, last=last):
        in_force = fold_all(in_force, records)
    return in_force
