"""Reads one changelog partition back into RocksDB: whole fetches, committed records, newest value per key.

aiokafka makes an object of eleven fields for every record it hands out, which costs more than the rest of a restore.
Here its own parser of a fetch (checksums, aborted transactions, markers and all) gives pairs instead, in a thread,
while the next fetch is under way. There is no write-ahead log, and a flush at the end: a restore that is cut short
begins again where RocksDB last flushed.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    NotLeaderForPartitionError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record import MemoryRecords

from features.errors import AppliedBeyondEnd, StoreError
from tables.clients import close_later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tables.store import PartitionStore

_FETCH_BYTES = 8 * 1024 * 1024
_FETCH_WAIT_MS = 500
_RETRY_S = 0.2
#: A partition that nobody leads, or a broker that is away, is waited for this long.
_PATIENCE_S = 60.0
_MOVED = (NotLeaderForPartitionError, LeaderNotAvailableError, UnknownTopicOrPartitionError)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: changelog records read, and the seconds it took."""

    records: int
    seconds: float


class _Pairs(PartitionRecords):  # type: ignore[misc]  # aiokafka is untyped
    """aiokafka's parser of one partition of a fetch, with (key, value) for every record."""

    def _consumer_record(self, tp: Any, record: Any) -> tuple[bytes, bytes | None]:  # noqa: ARG002 - aiokafka's form
        return record.key, record.value

    def __iter__(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Return the generator itself: the parser's own `__next__` costs as much as a record does."""
        return iter(self._records_iterator)


async def restore(topic: str, partition: int, store: PartitionStore, client_options: Mapping[str, Any]) -> Restored:
    """Bring `store` up to the last stable offset of its changelog partition.

    Raises `AppliedBeyondEnd` where the store is ahead of the log: the topic was truncated or made anew.
    """
    started = time.monotonic()
    log = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(isolation_level="read_committed", enable_auto_commit=False, **client_options)
    await consumer.start()
    try:
        await consumer._client.set_topics([topic])  # noqa: SLF001 - who leads it is known from here on
        end = (await consumer.end_offsets([log]))[log]
        beginning = (await consumer.beginning_offsets([log]))[log]
        resume = store.changelog_offset + 1
        if resume > end:
            raise AppliedBeyondEnd(
                f"needed {topic}[{partition}] to reach offset {resume - 1} that {store.path} holds, got an end of "
                f"{end}. The log was truncated or made anew: restore it, or delete the table directories and the "
                "changelog topics together and warm up again."
            )
        records = await _Reader(consumer._client, log).read(max(resume, beginning), end, store)  # noqa: SLF001
    finally:
        close_later(consumer)
    if records:
        await _in_thread(store.flush)
    return Restored(records, time.monotonic() - started)


class _Reader:
    """Fetches a log in order over a consumer's own connections."""

    def __init__(self, client: Any, log: TopicPartition) -> None:
        self._client = client
        self._log = log

    async def read(self, offset: int, end: int, store: PartitionStore) -> int:
        """Write everything in [offset, end) to the store, a fetch being under way meanwhile; return the records."""
        records = 0
        fetching = asyncio.create_task(self._fetch(offset)) if offset < end else None
        try:
            while fetching is not None:
                parts = await fetching
                pairs = _Pairs(self._log, *parts, offset, None, None, True, READ_COMMITTED)
                # What a fetch ends with is known when it is parsed: the next one begins then, and is there when this
                # one's values are written.
                newest, count = await _in_thread(_newest, pairs)
                offset = max(offset, pairs.next_fetch_offset)
                fetching = asyncio.create_task(self._fetch(offset)) if offset < end else None
                records += count
                if newest:
                    await _in_thread(store.write, newest, offset - 1)
        finally:
            if fetching is not None:
                fetching.cancel()
        return records

    async def _fetch(self, offset: int) -> tuple[Any, Any]:
        """Return one fetch: its records and the transactions aborted among them."""
        patience_ends = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return await self._fetch_once(offset)
            except KafkaError as exc:
                if not (exc.retriable or isinstance(exc, _MOVED)) or time.monotonic() > patience_ends:
                    raise StoreError(
                        f"needed to read {self._log.topic}[{self._log.partition}] from offset {offset}, got {exc!r}. "
                        "The worker restarts and tries again; see that the partition has a leader."
                    ) from exc
                await self._client.force_metadata_update()
                await asyncio.sleep(_RETRY_S)

    async def _fetch_once(self, offset: int) -> tuple[Any, Any]:
        topic, partition = self._log
        leader = self._client.cluster.leader_for_partition(self._log)
        if leader is None or leader == -1:
            raise LeaderNotAvailableError
        wanted = [(topic, [(partition, offset, _FETCH_BYTES)])]
        request = FetchRequest(_FETCH_WAIT_MS, 1, _FETCH_BYTES, READ_COMMITTED, wanted, rack_id="")
        response = await self._client.send(leader, request)
        _, code, _, *rest = response.topics[0][1][0]
        if code:
            raise for_code(code)
        aborted = rest[2] if response.API_VERSION >= 11 else rest[-2]
        return MemoryRecords(rest[-1]), aborted


async def _in_thread(work: Callable[..., Any], *args: Any) -> Any:
    """Run blocking work to its end also when cancelled: nobody may close the store under it."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(working)
    finally:
        await asyncio.wait({working})


def _newest(pairs: _Pairs) -> tuple[dict[bytes, bytes | None], int]:
    """Return the newest value per key, and how many records there were."""
    records = list(pairs)
    return dict(records), len(records)
