"""Looks at a few of the newest decisions of each partition, and at when their payments were produced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping


PER_PARTITION = 20
_POLL_MS = 100
_FETCH_BYTES = 64 * 1024
_TRIES = 20


class Sampler:
    """One look at a time; decisions that were looked at before are not looked at again."""

    def __init__(self, topic_prefix: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self._decisions = [TopicPartition(f"{topic_prefix}decisions", number) for number in range(partitions)]
        self._payments = [TopicPartition(f"{topic_prefix}transactions", number) for number in range(partitions)]
        self._client_options = client_options
        self._ends: dict[TopicPartition, int] = {}
        self._consumer: AIOKafkaConsumer | None = None

    async def look(self) -> list[tuple[dict[str, Any], int | None]]:
        """Return new decisions, for one of each partition with its latency in ms, for the others with None."""
        consumer = await self._connected()
        ends = await consumer.end_offsets(self._decisions)
        wanted = {}
        for log, end in ends.items():
            first = max(self._ends.get(log, end - PER_PARTITION), end - PER_PARTITION, 0)
            if first < end:
                wanted[log] = (first, end)
        self._ends.update(ends)
        found: list[tuple[dict[str, Any], int | None]] = []
        for log, records in (await self._read(consumer, wanted)).items():
            decisions = [(orjson.loads(record.value), record.timestamp) for record in records]
            newest, decided_ms = decisions[-1]
            produced_ms = await self._produced_ms(consumer, log.partition, newest["payer_offset"])
            found += [(decision, None) for decision, _ in decisions[:-1]]
            found.append((newest, None if produced_ms is None else decided_ms - produced_ms))
        return found

    async def stop(self) -> None:
        """Disconnect; the next look connects again, and takes what is newest then."""
        consumer, self._consumer = self._consumer, None
        self._ends.clear()
        if consumer is not None:
            await consumer.stop()

    async def _produced_ms(self, consumer: AIOKafkaConsumer, partition: int, offset: int) -> int | None:
        log = self._payments[partition]
        records = (await self._read(consumer, {log: (offset, offset + 1)})).get(log, [])
        return int(records[0].timestamp) if records and records[0].offset == offset else None

    async def _read(
        self, consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, list[Any]]:
        """Return the records of these ranges; what does not come soon is left out."""
        everything = [*self._decisions, *self._payments]
        consumer.pause(*everything)
        for log, (first, _) in wanted.items():
            consumer.seek(log, first)
        consumer.resume(*wanted)
        found: dict[TopicPartition, list[Any]] = {}
        left = set(wanted)
        for _ in range(_TRIES):
            if not left:
                break
            for log, records in (await consumer.getmany(*left, timeout_ms=_POLL_MS)).items():
                end = wanted[log][1]
                found.setdefault(log, []).extend(record for record in records if record.offset < end)
                if records[-1].offset + 1 >= end:
                    left.discard(log)
        consumer.pause(*everything)
        return found

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._client_options,
                enable_auto_commit=False,
                fetch_max_wait_ms=_POLL_MS,
                max_partition_fetch_bytes=_FETCH_BYTES,
            )
            await consumer.start()
            consumer.assign([*self._decisions, *self._payments])
            self._consumer = consumer
        return self._consumer
