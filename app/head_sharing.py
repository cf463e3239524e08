"""Tells the other workers where our partitions stand while they drain a backlog, and hears where theirs stand.

One partition, the topic `alignment`, which every worker reads whole without a group. A worker says its heads when one
moved, at most every `TELL_EVERY_S`, and repeats them every second, so that silence means that it is gone. Where its
partitions are sparse it says what comes in them too, so that others may go on past it.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from agents.coming import Coming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from agents.alignment import Aligner

logger = logging.getLogger(__name__)

TOPIC = "alignment"
TELL_EVERY_S = 0.001
REPEAT_EVERY_S = 1.0


class HeadSharing:
    """Joins one worker's `Aligner` to those of the others."""

    def __init__(self, aligner: Aligner, topic_prefix: str, client_options: Callable[[], dict[str, Any]]) -> None:
        self._aligner = aligner
        self._log = TopicPartition(topic_prefix + TOPIC, 0)
        self._client_options = client_options
        self._worker = uuid.uuid4().hex
        self._changed = asyncio.Event()
        self._told_ms: dict[int, tuple[int, int]] = {}
        self._told_all_s = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        aligner.on_change = self._changed.set

    async def start(self) -> None:
        """Begin to tell and to hear; a second call does nothing."""
        async with self._starting:
            if self._tasks:
                return
            consumer = AIOKafkaConsumer(enable_auto_commit=False, **self._client_options())
            await consumer.start()
            consumer.assign([self._log])
            await consumer.seek_to_end(self._log)
            # One of its own: that of the outputs has one request at a time on its way, and others wait for our heads.
            producer = AIOKafkaProducer(**self._client_options())
            await producer.start()
            self._tasks = [
                asyncio.create_task(self._hear(consumer), name="alignment hear"),
                asyncio.create_task(self._tell(producer), name="alignment tell"),
            ]

    async def stop(self) -> None:
        """Stop telling and hearing."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _tell(self, producer: AIOKafkaProducer) -> None:
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), REPEAT_EVERY_S)
                self._changed.clear()
                try:
                    sent = [await producer.send(self._log.topic, said, partition=0) for said in self._said()]
                    await asyncio.gather(*sent)
                except KafkaError as exc:  # others then go on without us, and hear of us again when it is back
                    logger.warning("our heads could not be told: %r", exc)
                await asyncio.sleep(TELL_EVERY_S)
        finally:
            await producer.stop()

    def _said(self) -> list[bytes]:
        """Return what there is to tell: where we stand, then what comes, in a record for each partition."""
        heads, caught_up = self._aligner.durable_heads, self._aligner.caught_up
        coming = dict(self._coming())
        others = {partition: head_ms for partition, head_ms in heads.items() if partition not in coming}
        said = [self._record(others, sorted(caught_up), [])] if others or caught_up else []
        return said + [
            self._record({partition: heads[partition]}, [], [(partition, what.encode())])
            for partition, what in coming.items()
        ]

    def _record(self, heads: Mapping[int, int], caught_up: list[int], coming: list[Any]) -> bytes:
        said = {"worker": self._worker, "heads": list(heads.items()), "caught_up": caught_up, "coming": coming}
        return orjson.dumps(said)

    def _coming(self) -> Iterator[tuple[int, Coming]]:
        """Yield what comes in partitions: where it is new or half done, and every second all, for new listeners."""
        now_s = time.monotonic()
        if now_s >= self._told_all_s + REPEAT_EVERY_S:
            self._told_all_s, self._told_ms = now_s, {}
        for partition, until_ms in self._aligner.announced_ms.items():
            told_ms, half_ms = self._told_ms.get(partition, (None, 0))
            if told_ms != until_ms or self._aligner.durable_heads[partition] >= half_ms:
                coming = self._aligner.coming(partition)
                half_ms = until_ms if coming.until_ms == until_ms else int(coming.times_ms[len(coming.times_ms) // 2])
                self._told_ms[partition] = until_ms, half_ms
                yield partition, coming

    async def _hear(self, consumer: AIOKafkaConsumer) -> None:
        try:
            while True:
                fetched = await consumer.getmany(self._log, timeout_ms=1_000)
                for record in fetched.get(self._log, []):
                    self._take(record.value)
        finally:
            await consumer.stop()

    def _take(self, value: bytes | None) -> None:
        """Hear one record; whatever else somebody wrote to this topic is nothing to end for."""
        try:
            said = orjson.loads(value or b"")
            if said["worker"] != self._worker:
                heads = {int(part): int(head_ms) for part, head_ms in said["heads"]}
                coming = {int(part): Coming.decode(what) for part, what in said.get("coming", [])}
                self._aligner.hear(heads, said["caught_up"], coming)
        except (ValueError, TypeError, KeyError) as exc:
            logger.warning("%s: a record that tells no heads: %r", TOPIC, exc)
