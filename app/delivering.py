"""Gives batches to aiokafka's producer, partition by partition, and gathers what became of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import RecordMetadata, TopicPartition


class Delivered(NamedTuple):
    """Where the batches of each partition begin in its log, and the first error of the others."""

    places: dict[TopicPartition, list[RecordMetadata]]
    errors: dict[TopicPartition, BaseException]

    @classmethod
    def of(cls, to: Sequence[TopicPartition], results: Sequence[RecordMetadata | BaseException]) -> Delivered:
        """Return what became of the batches that went to these partitions, one or several to each.

        >>> Delivered.of([("t", 0), ("t", 1), ("t", 1), ("t", 0)], [OSError("gone"), 7, 8, 9])
        Delivered(places={('t', 1): [7, 8]}, errors={('t', 0): OSError('gone')})
        """
        found = cls({}, {})
        for partition, result in zip(to, results, strict=True):
            if isinstance(result, BaseException):
                found.add(cls({}, {partition: result}))
            else:
                found.add(cls({partition: [result]}, {}))
        return found

    def add(self, later: Delivered) -> None:
        """Take what became of later batches too; a partition keeps its first error, and no places then."""
        for partition, places in later.places.items():
            self.places.setdefault(partition, []).extend(places)
        for partition, error in later.errors.items():
            self.errors.setdefault(partition, error)
        for partition in self.errors:
            self.places.pop(partition, None)


class Deliver(Protocol):
    """Sends batches, of aiokafka's or `tables.record_batch`'s, each partition's in order; never raises for one."""

    async def __call__(
        self, producer: AIOKafkaProducer, batches: Mapping[TopicPartition, Sequence[Any]]
    ) -> Delivered: ...


async def by_aiokafka(producer: AIOKafkaProducer, batches: Mapping[TopicPartition, Sequence[Any]]) -> Delivered:
    """Send batches by the producer's own means; it takes a second one of a partition when it has sent the first."""
    to: list[TopicPartition] = []
    appended: list[asyncio.Future[RecordMetadata]] = []
    found = Delivered({}, {})
    for partition, some in batches.items():
        try:
            for batch in some:
                appended.append(await producer.send_batch(batch, partition.topic, partition=partition.partition))
                to.append(partition)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it belongs to those who wait
            found.errors[partition] = exc
    found.add(Delivered.of(to, await asyncio.gather(*appended, return_exceptions=True)))
    return found
