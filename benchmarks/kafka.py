"""Our own client of the broker under measurement: fills topics, and reads where logs end and when records came in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.deployment import PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.load import Payments

#: Kafka's default `batch.size`: what a bank's producer would send.
BATCH_BYTES = 16 * 1024
_FETCH_MS = 10_000


async def preload(bootstrap: str, chunks: Iterable[Payments], topic: str = "transactions") -> int:
    """Write payments to their partitions, each in order, and return how many there were."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    count = 0
    try:
        open_batches = [producer.create_batch() for _ in range(PARTITIONS)]
        for chunk in chunks:
            full: list[list[Any]] = [[] for _ in range(PARTITIONS)]
            for key, hashed, value, stamp_ms in zip(*chunk, strict=True):
                partition = hashed % PARTITIONS
                if open_batches[partition].append(timestamp=stamp_ms, key=key, value=value) is None:
                    full[partition].append(open_batches[partition])
                    open_batches[partition] = producer.create_batch()
                    open_batches[partition].append(timestamp=stamp_ms, key=key, value=value)
            count += len(chunk.keys)
            await asyncio.gather(*(_send(producer, topic, number, batches) for number, batches in enumerate(full)))
        await asyncio.gather(*(_send(producer, topic, number, [batch]) for number, batch in enumerate(open_batches)))
    finally:
        await producer.stop()
    return count


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, batches: list[Any]) -> None:
    sent = [await producer.send_batch(batch, topic, partition=partition) for batch in batches if batch.record_count()]
    await asyncio.gather(*sent)


class Logs:
    """Where topics end, and when their records were appended."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4 * 1024 * 1024
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self, topic: str, partitions: int = PARTITIONS) -> dict[int, int]:
        """Return the end offset of each partition."""
        logs = [TopicPartition(topic, number) for number in range(partitions)]
        ends = await self._consumer.end_offsets(logs)
        return {log.partition: ends[log] for log in logs}

    async def appended_ms(self, topic: str, partition: int, offset: int) -> int:
        """Return the timestamp of one record."""
        log = TopicPartition(topic, partition)
        self._consumer.assign([log])
        self._consumer.seek(log, offset)
        record = await asyncio.wait_for(self._consumer.getone(log), _FETCH_MS / 1000)
        return int(record.timestamp)

    async def span_ms(self, topic: str, begins: dict[int, int], ends: dict[int, int]) -> tuple[int, int]:
        """Return the timestamps of the first and the last record of these stretches of a topic."""
        filled = [number for number in ends if ends[number] > begins.get(number, 0)]
        first = [await self.appended_ms(topic, number, begins.get(number, 0)) for number in filled]
        last = [await self.appended_ms(topic, number, ends[number] - 1) for number in filled]
        return min(first), max(last)

    async def read(self, topic: str, begins: dict[int, int], ends: dict[int, int]) -> list[tuple[int, bytes]]:
        """Return append time and value of every record of these stretches."""
        found: list[tuple[int, bytes]] = []
        for number, end in ends.items():
            log, position = TopicPartition(topic, number), begins.get(number, 0)
            if position >= end:
                continue  # aiokafka never closes a consumer that was assigned something else just before
            self._consumer.assign([log])
            self._consumer.seek(log, position)
            while position < end:
                for record in (await self._consumer.getmany(log, timeout_ms=_FETCH_MS)).get(log, []):
                    position = record.offset + 1
                    if position <= end:
                        found.append((record.timestamp, record.value))
        return found
