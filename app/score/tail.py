"""Follows `decisions` and `rejected` for what other workers append, where somebody waits for it; in no consumer group.

A partition is followed from its end, from before its payment is sent, and for a little while after the last wait. What
this worker appends itself needs no tail (`app.score.waiters`): one that has all partitions never starts it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.score.waiters import DECISIONS, REJECTED
from app.transport.pace import Paced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.score.waiters import Waiter, Waiters

logger = logging.getLogger(__name__)

FOLLOWED_FOR_S = 30.0
_POLL_MS = 500
#: A partition that joins waits for the fetch of the others at most so long.
_FETCH_WAIT_MS = 50


class VerdictTail:
    """The decisions and rejections of payments that somebody waits for, by whomever they are made."""

    def __init__(self, waiters: Waiters, topic_prefix: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self._waiters = waiters
        self._topics = {topic_prefix + topic: topic for topic in (DECISIONS, REJECTED)}
        self._count = partitions
        self._client_options = client_options
        self._last_wanted_s: dict[int, float] = {}
        self._lock = asyncio.Lock()
        self._consumer: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()

    async def follow(self, waiter: Waiter) -> None:
        """Follow for a waiter: what other workers append after this returned is not missed."""
        partition, waiter.followed = waiter.awaited.partition, True
        if not self._follows(partition):
            await self._follow(partition)
        self._last_wanted_s[partition] = time.monotonic()

    def _follows(self, partition: int) -> bool:
        return self._following is not None and not self._following.done() and partition in self._last_wanted_s

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
        return [TopicPartition(topic, number) for number in partitions for topic in self._topics]

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
            if wanted_s < oldest_s and not self._waiters.followed(partition):
                del self._last_wanted_s[partition]
                consumer.pause(*self._logs(partition))

    def _take(self, log: TopicPartition, records: Iterable[Any]) -> None:
        for record in records:
            self._waiters.said(self._topics[log.topic], log.partition, record.key, record.value)
