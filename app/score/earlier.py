"""Finds what was said of a payment before: its decision or alert, backwards from the end of a log, within a bound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Records of one partition that are looked through.
DECISIONS_MAX = 50_000
ALERTS_MAX = 5_000
_TOPICS = ("decisions", "alerts")
_STEP = 2_000
_POLL_MS = 100
#: A search that gets nothing more for so long has reached the end: logs may end in transaction markers.
_STANDSTILL_S = 2.0


class Earlier:
    """One reader over any partition of a deployment's topics, for one search at a time."""

    def __init__(self, topic_prefix: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self._topic_prefix = topic_prefix
        self._partitions = partitions
        self._client_options = client_options
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()

    async def decision(self, partition: int, key: bytes, transaction_id: str) -> dict[str, Any] | None:
        """Return the decision on a payment among the newest of its partition, or None."""
        return await self._find("decisions", partition, key, transaction_id, DECISIONS_MAX)

    async def alert(self, partition: int, key: bytes, transaction_id: str) -> dict[str, Any] | None:
        """Return the alert on a payment among the newest of its partition, or None."""
        return await self._find("alerts", partition, key, transaction_id, ALERTS_MAX)

    async def stop(self) -> None:
        """Disconnect."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def of_payer(self, partition: int, key: bytes, records_max: int) -> list[dict[str, Any]]:
        """Return a payer's decisions among the newest of its partition, newest first, each once."""
        found: dict[str, dict[str, Any]] = {}
        async with self._lock:
            async for record in self._backwards("decisions", partition, records_max):
                if record.key == key:
                    decision = orjson.loads(record.value)
                    found[decision["transaction_id"]] = decision
        return sorted(found.values(), key=lambda decision: str(decision["event_time"]), reverse=True)

    async def _find(
        self, topic: str, partition: int, key: bytes, transaction_id: str, records_max: int
    ) -> dict[str, Any] | None:
        async with self._lock:
            async for record in self._backwards(topic, partition, records_max):
                if record.key == key:
                    value: dict[str, Any] = orjson.loads(record.value)
                    if value["transaction_id"] == transaction_id:
                        return value
        return None

    async def _backwards(self, topic: str, partition: int, records_max: int) -> Any:
        """Yield the newest records of a partition, block by block from its end."""
        consumer = await self._connected()
        log = TopicPartition(self._topic_prefix + topic, partition)
        end = (await consumer.end_offsets([log]))[log]
        first = max((await consumer.beginning_offsets([log]))[log], end - records_max)
        if end == first:
            return
        consumer.seek(log, end)
        consumer.resume(log)
        try:
            while end > first:
                start = max(first, end - _STEP)
                for record in await self._block(consumer, log, start, end):
                    yield record
                end = start
        finally:
            consumer.pause(log)

    async def _block(self, consumer: AIOKafkaConsumer, log: TopicPartition, start: int, end: int) -> list[Any]:
        """Return the records of [start, end), newest first."""
        loop = asyncio.get_running_loop()
        consumer.seek(log, start)
        block: list[Any] = []
        moved_s, position = loop.time(), start
        while position < end and loop.time() - moved_s < _STANDSTILL_S:
            fetched = await consumer.getmany(log, timeout_ms=_POLL_MS, max_records=end - start)
            block += [record for record in fetched.get(log, []) if record.offset < end]
            at = await consumer.position(log)
            if at != position:
                moved_s, position = loop.time(), at
        return block[::-1]

    async def _connected(self) -> AIOKafkaConsumer:
        """Return the reader: it stands in all partitions and fetches none until it is told which."""
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**self._client_options, enable_auto_commit=False, fetch_max_wait_ms=_POLL_MS)
            await consumer.start()
            logs = [TopicPartition(self._topic_prefix + topic, n) for topic in _TOPICS for n in range(self._partitions)]
            consumer.assign(logs)
            consumer.pause(*logs)
            self._consumer = consumer
        return self._consumer
