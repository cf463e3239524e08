"""Sends what stages put out: one batch per topic partition, acknowledged before it returns.

The batches of aiokafka's idempotent producer cost a fifth of its `send` per record, and keep the order of a partition.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiokafka import AIOKafkaProducer

    from agents.ports import Outgoing


class BatchSender:
    """`agents.ports.Send` over an aiokafka producer; `producer` is asked for it when the first output is sent."""

    def __init__(self, producer: Callable[[], AIOKafkaProducer], topic_prefix: str) -> None:
        self._producer = producer
        self._topic_prefix = topic_prefix

    async def __call__(self, outputs: Sequence[Outgoing]) -> asyncio.Future[list[Any]]:
        """Queue `outputs` and return what ends when the brokers have all of them, or raises aiokafka's error."""
        by_partition: dict[tuple[str, int], list[Outgoing]] = defaultdict(list)
        for output in outputs:
            by_partition[output.topic, output.partition].append(output)
        producer = self._producer()
        sent: list[Any] = [
            await producer.send_batch(batch, self._topic_prefix + topic, partition=partition)
            for (topic, partition), records in by_partition.items()
            for batch in _batches(producer, records)
        ]
        return asyncio.gather(*sent)


def _batches(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> list[Any]:
    batches = [producer.create_batch()]
    for record in records:
        fields = {"key": record.key, "value": record.value, "timestamp": None, "headers": list(record.headers)}
        if batches[-1].append(**fields) is None:
            batches.append(producer.create_batch())
            batches[-1].append(**fields)
    return batches
