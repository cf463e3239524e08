"""Reads topics up to where they ended, partition by partition or merged by a key, with bounded memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from features.errors import TopicsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

_POLL_MS = 500
_BATCH_RECORDS = 5_000

Item = TypeVar("Item")


class Logs:
    """The topics of one deployment, read with clients of our own; `async with` connects."""

    def __init__(self, client_options: Mapping[str, Any], topic_prefix: str, group: str) -> None:
        self._options = client_options
        self._prefix = topic_prefix
        self._group = group
        self._admin = AIOKafkaAdminClient(**client_options)

    async def __aenter__(self) -> Self:
        await self._admin.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._admin.close()

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """Return a topic's partitions; raises `TopicsError` if there is no such topic."""
        name = self._prefix + topic
        described = await self._admin.describe_topics([name])
        numbers = sorted(entry["partition"] for entry in described[0]["partitions"])
        if not numbers:
            raise TopicsError(
                f"needed the topic {name}, got none of that name: check BROKER_URL and PRAHARI_TOPIC_PREFIX"
            )
        return [TopicPartition(name, number) for number in numbers]

    async def committed(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return up to where the workers are done with each partition: all that it led to is durable."""
        offsets = await self._admin.list_consumer_group_offsets(self._group)
        return {tp: max(0, offsets[tp].offset) if tp in offsets else 0 for tp in places}

    async def bounds(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """Return the first offset kept and the end of each partition, as of now."""
        consumer = await self._consumer()
        try:
            begin, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        finally:
            await consumer.stop()
        return {tp: (begin[tp], end[tp]) for tp in places}

    async def read(self, ends: Mapping[TopicPartition, int]) -> AsyncIterator[Any]:
        """Yield the records of each partition up to its end, one partition after the other."""
        consumer = await self._consumer()
        try:
            for tp, end in ends.items():
                consumer.assign([tp])
                await consumer.seek_to_beginning(tp)
                while await consumer.position(tp) < end:
                    fetched = await consumer.getmany(tp, timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
                    for record in fetched.get(tp, []):
                        if record.offset < end:
                            yield record
        finally:
            await consumer.stop()

    async def merge(
        self, ends: Mapping[TopicPartition, int], read: Callable[[Any], Item | None], key: Callable[[Item], int]
    ) -> AsyncIterator[Item]:
        """Yield what `read` makes of the records of all partitions: each in its order, between them by lowest key."""
        consumer = await self._consumer()
        waiting: dict[TopicPartition, deque[Item]] = {tp: deque() for tp in ends}
        try:
            consumer.assign(list(ends))
            await consumer.seek_to_beginning(*ends)
            open_ends = dict(ends)
            while True:
                await _fill(consumer, open_ends, waiting, read)
                heads = [(key(items[0]), tp.partition, tp) for tp, items in waiting.items() if items]
                if not heads:
                    return
                yield waiting[min(heads)[2]].popleft()
        finally:
            await consumer.stop()

    async def _consumer(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=_BATCH_RECORDS,
            **self._options,
        )
        await consumer.start()
        return consumer


async def _fill(
    consumer: AIOKafkaConsumer,
    open_ends: dict[TopicPartition, int],
    waiting: dict[TopicPartition, deque[Item]],
    read: Callable[[Any], Item | None],
) -> None:
    """Return when every partition that is not at its end has something waiting."""
    while empty := [tp for tp in open_ends if not waiting[tp]]:
        fetched = await consumer.getmany(*empty, timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
        for tp in empty:
            for record in fetched.get(tp, []):
                item = read(record) if record.offset < open_ends[tp] else None
                if item is not None:
                    waiting[tp].append(item)
            if await consumer.position(tp) >= open_ends[tp]:
                del open_ends[tp]
