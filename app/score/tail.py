"""Follows `decisions` and `rejected` where somebody waits for a payment, without a consumer group.

A partition is followed from its end from before its payment is sent, and for a little while after the last wait: a
stream that nobody asks `/score` about costs nothing. Of what comes by, only the payers that are waited for are decoded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.transport.pace import Paced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

logger = logging.getLogger(__name__)

FOLLOWED_FOR_S = 30.0
_POLL_MS = 500
#: A partition that joins waits for the fetch of the others at most so long.
_FETCH_WAIT_MS = 50


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits for one payment's decision; `rejections` are by the offset of the record that was refused."""

    partition: int
    key: bytes
    transaction_id: str
    future: asyncio.Future[dict[str, Any]]
    offset: int | None = None
    rejections: dict[int, dict[str, Any]] = field(default_factory=dict)

    def sent(self, offset: int) -> None:
        """Say which record is ours, so that its rejection is."""
        self.offset = offset
        if offset in self.rejections:
            self.resolve(self.rejections[offset])

    def resolve(self, outcome: dict[str, Any]) -> None:
        """End the wait."""
        if not self.future.done():
            self.future.set_result(outcome)


class VerdictTail:
    """The decisions and rejections of payments that somebody waits for."""

    def __init__(self, topic_prefix: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self._decisions = topic_prefix + "decisions"
        self._rejected = topic_prefix + "rejected"
        self._count = partitions
        self._client_options = client_options
        self._waiting: defaultdict[tuple[int, bytes], list[Waiter]] = defaultdict(list)
        self._last_wanted_s: dict[int, float] = {}
        self._lock = asyncio.Lock()
        self._consumer: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()

    async def expect(self, partition: int, key: bytes, transaction_id: str) -> Waiter:
        """Begin to wait for a payment; what is sent after this returned is not missed."""
        waiter = Waiter(partition, key, transaction_id, asyncio.get_running_loop().create_future())
        self._waiting[partition, key].append(waiter)
        if not self._follows(partition):
            try:
                await self._follow(partition)
            except BaseException:
                self.forget(waiter)
                raise
        self._last_wanted_s[partition] = time.monotonic()
        return waiter

    def _follows(self, partition: int) -> bool:
        return self._following is not None and not self._following.done() and partition in self._last_wanted_s

    def forget(self, waiter: Waiter) -> None:
        """Wait no longer."""
        place = (waiter.partition, waiter.key)
        with suppress(ValueError):
            self._waiting[place].remove(waiter)
        if not self._waiting[place]:
            del self._waiting[place]

    async def stop(self) -> None:
        """Follow no more."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        await self._disconnect()

    async def _follow(self, partition: int) -> None:
        """Read a partition from its present end on."""
        async with self._lock:
            if self._follows(partition):
                return
            consumer = await self._connected()
            logs = self._logs(partition)
            for log, end in (await consumer.end_offsets(logs)).items():
                consumer.seek(log, end)
            consumer.resume(*logs)
            self._last_wanted_s[partition] = time.monotonic()
            self._wanted.set()

    def _logs(self, *partitions: int) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in partitions for topic in (self._decisions, self._rejected)]

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None or self._following is None or self._following.done():
            await self._disconnect()
            self._last_wanted_s.clear()
            consumer = AIOKafkaConsumer(
                **self._client_options, enable_auto_commit=False, fetch_max_wait_ms=_FETCH_WAIT_MS
            )
            await consumer.start()
            fetcher = consumer._fetcher  # noqa: SLF001 - each fetch is answered by one decision, and costs a millisecond
            fetcher._proc_fetch_request = Paced(fetcher._proc_fetch_request)  # noqa: SLF001
            logs = self._logs(*range(self._count))
            consumer.assign(logs)
            consumer.pause(*logs)
            self._consumer = consumer
            self._following = asyncio.create_task(self._run(consumer), name="verdict tail")
        return self._consumer

    async def _disconnect(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _run(self, consumer: AIOKafkaConsumer) -> None:
        try:
            while True:
                if not self._last_wanted_s:
                    self._wanted.clear()
                    await self._wanted.wait()
                for log, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                    self._take(log, records)
                self._pause_unwanted(consumer)
        except asyncio.CancelledError:
            raise
        except Exception as exc:  # noqa: BLE001 - a view ends no worker; the next wait connects anew
            logger.warning("the tail of decisions ended and begins anew: %r", exc)
            self._last_wanted_s.clear()

    def _pause_unwanted(self, consumer: AIOKafkaConsumer) -> None:
        oldest_s = time.monotonic() - FOLLOWED_FOR_S
        for partition, wanted_s in list(self._last_wanted_s.items()):
            if wanted_s < oldest_s and not any(place[0] == partition for place in self._waiting):
                del self._last_wanted_s[partition]
                consumer.pause(*self._logs(partition))

    def _take(self, log: TopicPartition, records: Iterable[Any]) -> None:
        for record in records:
            waiting = self._waiting.get((log.partition, record.key))
            if not waiting:
                continue
            outcome = orjson.loads(record.value)
            for waiter in list(waiting):
                if log.topic == self._rejected:
                    _reject(waiter, outcome)
                elif outcome["transaction_id"] == waiter.transaction_id:
                    waiter.resolve(outcome)


def _reject(waiter: Waiter, outcome: dict[str, Any]) -> None:
    if outcome.get("source_topic") == "transactions":
        offset = outcome["source_offset"]
        waiter.rejections[offset] = outcome
        if offset == waiter.offset:
            waiter.resolve(outcome)
