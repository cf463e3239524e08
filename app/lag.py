"""How far the consumer group is behind a topic's end; for commands that wait, and for the watchdog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

if TYPE_CHECKING:
    from app.faust_app import PrahariApp


class GroupLag:
    """Ends of topics and committed offsets of the app's group, summed over partitions."""

    def __init__(self, app: PrahariApp) -> None:
        self._app = app
        self._consumer = AIOKafkaConsumer(enable_auto_commit=False, **app.client_options)
        self._admin = AIOKafkaAdminClient(**app.client_options)

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        await self._admin.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._admin.close()
        await self._consumer.stop()

    def _partitions(self, topic: str) -> list[TopicPartition]:
        name = self._app.prahari.topic_prefix + topic
        return [TopicPartition(name, number) for number in range(self._app.conf.topic_partitions)]

    async def end(self, topic: str) -> int:
        """Return the sum of a topic's end offsets."""
        return sum((await self._consumer.end_offsets(self._partitions(topic))).values())

    async def committed(self, topic: str) -> int:
        """Return the sum of the group's committed offsets of a topic."""
        offsets = await self._admin.list_consumer_group_offsets(self._app.conf.id)
        return sum(max(0, offsets[tp].offset) for tp in self._partitions(topic) if tp in offsets)

    async def has_members(self) -> bool:
        """Whether any worker is in the group."""
        responses = await self._admin.describe_consumer_groups([self._app.conf.id])
        return any(members for response in responses for *_, members, _ in response.groups)
