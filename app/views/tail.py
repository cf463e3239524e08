"""Follows a topic on every worker, all partitions, without a consumer group: it reads and owns nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from tenacity import AsyncRetrying, before_sleep_log, wait_exponential_jitter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

logger = logging.getLogger(__name__)

_POLL_MS = 1_000


class TopicTail:
    """Hands each value of a topic to `take` from `run`, from `back` records before each partition's end on.

    A value may come again when the broker was away, so `take` must bear repeats.
    """

    def __init__(
        self,
        topic: str,
        partitions: int,
        client_options: Mapping[str, Any],
        *,
        back: int,
        take: Callable[[bytes | None], None],
    ) -> None:
        self.caught_up = asyncio.Event()
        self._partitions = [TopicPartition(topic, partition) for partition in range(partitions)]
        self._client_options = client_options
        self._back = back
        self._take_value = take

    async def run(self) -> None:
        """Follow the topic until cancelled; whatever goes wrong is logged and tried again: a view ends no worker."""
        async for attempt in AsyncRetrying(
            wait=wait_exponential_jitter(initial=0.5, max=10),
            before_sleep=before_sleep_log(logger, logging.WARNING),
        ):
            with attempt:
                await self._follow()

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(**self._client_options, enable_auto_commit=False, auto_offset_reset="earliest")
        try:
            await consumer.start()
            consumer.assign(self._partitions)
            ends = await self._seek_to_newest(consumer)
            while True:
                fetched = await consumer.getmany(timeout_ms=_POLL_MS)
                for records in fetched.values():
                    self._take(records)
                if not self.caught_up.is_set() and await self._reached(consumer, ends):
                    self.caught_up.set()
        finally:
            await consumer.stop()

    async def _seek_to_newest(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(self._partitions)
        starts = await consumer.beginning_offsets(self._partitions)
        for partition in self._partitions:
            consumer.seek(partition, max(starts[partition], ends[partition] - self._back))
        return ends

    async def _reached(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
        return all([await consumer.position(partition) >= end for partition, end in ends.items()])

    def _take(self, records: Sequence[Any]) -> None:
        for record in records:
            self._take_value(record.value)
