"""An assignment begins where the group committed, whatever a fetch that was under way has taken of it and dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.transport.fetching import BatchConsumerThread
from tests.topics import create_topic, write_topic

if TYPE_CHECKING:
    from app.broker.embedded import EmbeddedBroker

WAIT_MS = 20_000


async def _taken(consumer: AIOKafkaConsumer, partition: TopicPartition) -> list[int]:
    """Take what comes of a partition, and return the offsets."""
    records = await consumer.getmany(partition, timeout_ms=WAIT_MS)
    return [record.offset for some in records.values() for record in some]


@pytest.mark.broker
@pytest.mark.parametrize(("committed", "expected"), [(None, [0, 1, 2]), (2, [2])])
async def test_records_that_were_taken_and_dropped_come_again(
    broker: EmbeddedBroker, committed: int | None, expected: list[int]
) -> None:
    """From the first on where the group never committed: what is dropped there was lost, a verdict or a control."""
    topic = f"seek-{committed}"
    partition = TopicPartition(topic, 0)
    await create_topic(broker.bootstrap, topic, 1)
    await write_topic(broker.bootstrap, topic, [(None, b"%d" % number) for number in range(3)])
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        group_id=topic,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        if committed is not None:
            await consumer.commit({partition: committed})
        taken = await _taken(consumer, partition)
        assert taken

        thread = BatchConsumerThread.__new__(BatchConsumerThread)
        thread._consumer = consumer
        await thread._seek_to_committed()
        again = await _taken(consumer, partition)
        while again and again[-1] < expected[-1]:
            again += await _taken(consumer, partition)
        assert again == expected
    finally:
        await consumer.stop()
