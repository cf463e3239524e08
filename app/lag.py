"""How far the consumer group is behind a topic's end; for commands that wait, and for the watchdog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    GroupCoordinatorNotAvailableError,
    NotCoordinatorForGroupError,
)
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from app.topics import SINGLE_PARTITION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.faust_app import PrahariApp


# A broker that just started makes its group topic at the first question, and has no answer until then.
patient = retry(
    retry=retry_if_exception_type(
        (GroupCoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorForGroupError)
    ),
    wait=wait_fixed(0.2),
    stop=stop_after_delay(30),
    reraise=True,
)


class GroupLag:
    """Ends of topics and committed offsets of a deployment's group, summed over partitions."""

    def __init__(self, group: str, topic_prefix: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self._group = group
        self._topic_prefix = topic_prefix
        self._count = partitions
        self._consumer = AIOKafkaConsumer(enable_auto_commit=False, **client_options)
        self._admin = AIOKafkaAdminClient(**client_options)

    @classmethod
    def of(cls, app: PrahariApp) -> GroupLag:
        """Return the lag of the app's own deployment."""
        return cls(app.conf.id, app.prahari.topic_prefix, app.conf.topic_partitions, app.client_options)

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        await self._admin.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._admin.close()
        await self._consumer.stop()

    def _partitions(self, topic: str) -> list[TopicPartition]:
        count = 1 if topic in SINGLE_PARTITION else self._count
        return [TopicPartition(self._topic_prefix + topic, number) for number in range(count)]

    async def end(self, topic: str) -> int:
        """Return the sum of a topic's end offsets."""
        return sum((await self._consumer.end_offsets(self._partitions(topic))).values())

    @patient
    async def committed(self, topic: str) -> int:
        """Return the sum of the group's committed offsets of a topic."""
        offsets = await self._admin.list_consumer_group_offsets(self._group)
        return sum(max(0, offsets[tp].offset) for tp in self._partitions(topic) if tp in offsets)

    @patient
    async def has_members(self) -> bool:
        """Whether any worker is in the group."""
        responses = await self._admin.describe_consumer_groups([self._group])
        return any(members for response in responses for *_, members, _ in response.groups)
