"""Asks Kafka again for topics that it did not tell of: a broker that has just come back may not know them yet.

Who leads the group then gives out nothing, and aiokafka asks anew only when what it knows is five minutes old. Once the
topics are there it sees that they changed, and the group is balanced anew.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

logger = logging.getLogger(__name__)

EVERY_S = 1.0


async def ask_for_missing(consumer: AIOKafkaConsumer, every_s: float = EVERY_S) -> None:
    """Ask every so often, for ever, as long as a topic that the consumer follows is missing."""
    told: list[str] = []
    while True:
        await asyncio.sleep(every_s)
        missing = _missing(consumer)
        if missing != told:
            logger.warning("Kafka tells of every topic but: %s", ", ".join(missing) or "none")
            told = missing
        if missing:
            await consumer._client.force_metadata_update()


def _missing(consumer: AIOKafkaConsumer) -> list[str]:
    subscription = consumer._subscription.subscription
    followed = () if subscription is None else subscription.topics
    return sorted(topic for topic in followed if not consumer._client.cluster.partitions_for_topic(topic))
