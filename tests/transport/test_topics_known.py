"""A group that formed before Kafka told of its topics goes on as soon as it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer

from app.transport.topics_known import ask_for_missing
from tests.topics import create_topic, write_topic

if TYPE_CHECKING:
    from app.broker.embedded import EmbeddedBroker

LIMIT_S = 30.0  # aiokafka by itself asks again after five minutes


@pytest.mark.broker
async def test_a_topic_that_was_not_there_is_given_out_when_it_is(broker: EmbeddedBroker) -> None:
    """The only member has nothing, and then what there is."""
    topic = "known-late"
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=topic, auto_offset_reset="earliest")
    await consumer.start()
    consumer.subscribe([topic])
    asking = asyncio.create_task(ask_for_missing(consumer, 0.2))
    try:
        async with asyncio.timeout(LIMIT_S):
            while consumer._subscription.subscription.assignment is None:
                await asyncio.sleep(0.01)
            assert not consumer.assignment()
            await create_topic(broker.bootstrap, topic, 1)
            await write_topic(broker.bootstrap, topic, [(None, b"there")])

            assert (await consumer.getone()).value == b"there"
    finally:
        asking.cancel()
        await consumer.stop()
