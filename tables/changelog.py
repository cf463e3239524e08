"""One changelog partition in Kafka: written in transactions that shut an old owner out, read back in bulk.

Each table partition has a `transactional.id` of its own. Starting a writer takes that id from whoever had it: from
then on the old owner's commits fail, so state that a frozen or evicted worker still holds can never reach the log
(Kafka's transactional fencing, KIP-98). A transaction holds every touched key and the stage's applied offsets, so
the log is at every stable offset the state as of one known place of the stage's input.

Restore reads committed records only, whole fetches at a time, newest value per key, into RocksDB batches.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    IllegalOperation,
    InvalidProducerEpoch,
    KafkaError,
    ProducerFenced,
)

from features.errors import AppliedBeyondEnd, OwnershipLost, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tables.store import PartitionStore

_BATCH_BYTES = 900 * 1024  # below Kafka's default message.max.bytes of 1 MiB, headers included
_RESTORE_FETCH_BYTES = 8 * 1024 * 1024
_RESTORE_POLL_MS = 500


# A task that nobody holds may be collected before it ends.
_closing: set[asyncio.Task[None]] = set()


def close_later(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Close a client beside what comes next: over TLS a broker that says no goodbye keeps it waiting for 30 s."""
    task = asyncio.create_task(client.stop())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


class ChangelogWriter:
    """The transactional producer of one changelog partition.

    `client_options` go to aiokafka as they are (bootstrap_servers, security_protocol, ...).
    """

    def __init__(
        self, topic: str, partition: int, transactional_id: str, client_options: Mapping[str, Any], *, request_s: float
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.transactional_id = transactional_id
        self._producer = AIOKafkaProducer(
            transactional_id=transactional_id,
            acks="all",
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            compression_type=None,
            request_timeout_ms=int(request_s * 1000),
            transaction_timeout_ms=int(request_s * 1000),
            **client_options,
        )

    async def start(self) -> None:
        """Take the transactional id: after this returns the previous owner can commit nothing more."""
        await self._producer.start()

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int:
        """Commit `changes` (not empty) in one transaction and return the offset of its last record.

        Raises `OwnershipLost` where a newer owner has taken the id, `StoreError` where Kafka did not commit.
        """
        if not changes:
            raise StoreError("needed at least one record for a changelog transaction, got none")
        try:
            async with self._producer.transaction():
                sent = await self._send(changes)
                results = await asyncio.gather(*sent)
        except (ProducerFenced, InvalidProducerEpoch, IllegalOperation) as exc:
            raise OwnershipLost(
                f"needed to own {self.topic}[{self.partition}], got {type(exc).__name__}: another worker took "
                f"{self.transactional_id!r}. This worker must restart and join anew."
            ) from exc
        except KafkaError as exc:
            raise StoreError(
                f"needed to commit {len(changes)} records to {self.topic}[{self.partition}], got {exc!r}. "
                "The worker restarts where it was; see that the brokers have enough in-sync replicas and disk."
            ) from exc
        return max(base_offset + count - 1 for base_offset, count in results)

    async def _send(self, changes: Mapping[bytes, bytes | None]) -> list[asyncio.Future[tuple[int, int]]]:
        sent: list[asyncio.Future[tuple[int, int]]] = []
        batch = self._producer.create_batch()
        for key, value in changes.items():
            if batch.append(key=key, value=value, timestamp=None) is None:
                sent.append(await self._submit(batch))
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        sent.append(await self._submit(batch))
        return sent

    async def _submit(self, batch: Any) -> asyncio.Future[tuple[int, int]]:
        count = batch.record_count()
        acked = await self._producer.send_batch(batch, self.topic, partition=self.partition)

        async def base_and_count() -> tuple[int, int]:
            return (await acked).offset, count

        return asyncio.ensure_future(base_and_count())

    async def stop(self) -> None:
        """Close the connection; an open transaction is aborted by the next owner or by its time limit."""
        close_later(self._producer)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: changelog records read, and the seconds it took."""

    records: int
    seconds: float


async def restore(topic: str, partition: int, store: PartitionStore, client_options: Mapping[str, Any]) -> Restored:
    """Bring `store` up to the last stable offset of its changelog partition.

    Raises `AppliedBeyondEnd` where the store is ahead of the log: the topic was truncated or made anew.
    """
    started = time.monotonic()
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_RESTORE_FETCH_BYTES,
        **client_options,
    )
    log = TopicPartition(topic, partition)
    await consumer.start()
    try:
        consumer.assign([log])
        end = (await consumer.end_offsets([log]))[log]
        beginning = (await consumer.beginning_offsets([log]))[log]
        resume = store.changelog_offset + 1
        if resume > end:
            raise AppliedBeyondEnd(
                f"needed {topic}[{partition}] to reach offset {resume - 1} that {store.path} holds, got an end of "
                f"{end}. The log was truncated or made anew: restore it, or delete the table directories and the "
                "changelog topics together and warm up again."
            )
        consumer.seek(log, max(resume, beginning))
        records = await _read_to(consumer, log, end, store)
    finally:
        close_later(consumer)
    return Restored(records, time.monotonic() - started)


async def _read_to(consumer: AIOKafkaConsumer, log: TopicPartition, end: int, store: PartitionStore) -> int:
    records = 0
    while await consumer.position(log) < end:
        fetched = await consumer.getmany(log, timeout_ms=_RESTORE_POLL_MS)
        for chunk in fetched.values():
            newest = {record.key: record.value for record in chunk}
            store.write(newest, chunk[-1].offset)
            records += len(chunk)
            await asyncio.sleep(0)
    return records
