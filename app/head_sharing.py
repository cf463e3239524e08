"""Tells the other workers where our partitions stand while they drain a backlog, and hears where theirs stand.

One partition, the topic `alignment`, which every worker reads whole without a group. A worker says its heads when one
moved, at most every `TELL_EVERY_S`, and repeats them every second, so that silence means that it is gone.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.alignment import Aligner
    from agents.ports import Send

logger = logging.getLogger(__name__)

TOPIC = "alignment"
TELL_EVERY_S = 0.001
REPEAT_EVERY_S = 1.0


class HeadSharing:
    """Joins one worker's `Aligner` to those of the others."""

    def __init__(
        self, aligner: Aligner, send: Send, topic_prefix: str, client_options: Callable[[], dict[str, Any]]
    ) -> None:
        self._aligner = aligner
        self._send = send
        self._log = TopicPartition(topic_prefix + TOPIC, 0)
        self._client_options = client_options
        self._worker = uuid.uuid4().hex
        self._changed = asyncio.Event()
        self._told: set[int] = set()
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
            self._tasks = [
                asyncio.create_task(self._hear(consumer), name="alignment hear"),
                asyncio.create_task(self._tell(), name="alignment tell"),
            ]

    async def stop(self) -> None:
        """Stop telling and hearing."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _tell(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), REPEAT_EVERY_S)
            self._changed.clear()
            heads, caught_up = dict(self._aligner.durable_heads), self._aligner.caught_up
            if heads or caught_up:
                said = {"worker": self._worker, "heads": list(heads.items()), "caught_up": sorted(caught_up)}
                try:
                    await (await self._send([Outgoing(TOPIC, 0, None, orjson.dumps(said))]))
                except KafkaError as exc:  # others then go on without us, and hear of us again when it is back
                    logger.warning("our heads could not be told: %r", exc)
            await asyncio.sleep(TELL_EVERY_S)

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
                self._aligner.hear({int(part): int(head_ms) for part, head_ms in said["heads"]}, said["caught_up"])
        except (ValueError, TypeError, KeyError) as exc:
            logger.warning("%s: a record that tells no heads: %r", TOPIC, exc)
