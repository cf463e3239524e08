"""One changelog partition in Kafka, written in transactions that shut an old owner out; `restore` reads it back.

Each table partition has a `transactional.id` of its own. Starting a writer takes that id from whoever had it: from
then on the old owner's commits fail, so state that a frozen or evicted worker still holds can never reach the log
(Kafka's transactional fencing, KIP-98). A transaction holds every touched key and the stage's applied offsets, so
the log is at every stable offset the state as of one known place of the stage's input.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    IllegalOperation,
    InvalidProducerEpoch,
    KafkaError,
    ProducerFenced,
)

from features.errors import OwnershipLost, StoreError
from features.pieces import Pieces
from tables.clients import close_later
from tables.record_batch import batches

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A transaction under way for so many requests' limits never ends: aiokafka may wait for metadata that nobody asks for.
_LIMIT_REQUESTS = 1.5
_BATCH_BYTES = 900 * 1024  # below Kafka's default message.max.bytes of 1 MiB, headers included


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
        self._limit_s = _LIMIT_REQUESTS * request_s
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
        # A task of its own: what hangs in a transaction hangs in its abortion too, and this process is about to end.
        written = asyncio.create_task(self._write(changes))
        try:
            await asyncio.wait({written}, timeout=self._limit_s)
        except asyncio.CancelledError:
            written.cancel()
            raise
        if not written.done():
            raise StoreError(
                f"needed to commit {len(changes)} records to {self.topic}[{self.partition}], got no end of it in "
                f"{self._limit_s:g} s. The worker restarts where it was; see whether the brokers answer."
            )
        return written.result()

    async def _write(self, changes: Mapping[bytes, bytes | None]) -> int:
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
        group = (Pieces.of(list(changes)), Pieces.of(list(changes.values())))
        return [await self._submit(batch) for batch in batches([group], bytes_max=_BATCH_BYTES, transactional=True)]

    async def _submit(self, batch: Any) -> asyncio.Future[tuple[int, int]]:
        count = batch.record_count()
        acked = await self._producer.send_batch(batch, self.topic, partition=self.partition)

        async def base_and_count() -> tuple[int, int]:
            return (await acked).offset, count

        return asyncio.ensure_future(base_and_count())

    async def stop(self) -> None:
        """Close the connection; an open transaction is aborted by the next owner or by its time limit."""
        close_later(self._producer)
