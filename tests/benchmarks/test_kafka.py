"""The benchmarks' own Kafka client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from benchmarks.kafka import Logs
from tests.topics import create_topic, write_topic

if TYPE_CHECKING:
    from app.broker.embedded import EmbeddedBroker

LIMIT_S = 20.0


@pytest.mark.broker
async def test_a_client_that_found_nothing_to_read_in_some_partitions_closes(broker: EmbeddedBroker) -> None:
    """One of four partitions has a record."""
    topic = "read-and-closed"
    await create_topic(broker.bootstrap, topic, 4)
    await write_topic(broker.bootstrap, topic, [(b"key", b"value")])

    async with asyncio.timeout(LIMIT_S) as limit:
        async with Logs(broker.bootstrap) as logs:
            ends = await logs.ends(topic)
            assert sorted(ends.values()) == [0, 0, 0, 1]
            assert [value for _, value in await logs.read(topic, {}, ends)] == [b"value"]
            assert await logs.read(topic, await logs.ends(topic), ends) == []
    assert not limit.expired()  # aiokafka takes the cancellation for its own and goes on
