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
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.coming import Coming
from agents.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        self._told_ms: dict[int, int] = {}
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
                said = {
                    "worker": self._worker,
                    "heads": list(heads.items()),
                    "caught_up": sorted(caught_up),
                    "coming": [(partition, coming.encode()) for partition, coming in self._coming()],
                }
                try:
                    await (await self._send([Outgoing(TOPIC, 0, None, orjson.dumps(said))]))
                except KafkaError as exc:  # others then go on without us, and hear of us again when it is back
                    logger.warning("our heads could not be told: %r", exc)
            await asyncio.sleep(TELL_EVERY_S)

    def _coming(self) -> Iterator[tuple[int, Coming]]:
        """Yield what comes in our partitions: what is new, and every second all, for who began to listen since."""
        now_s = time.monotonic()
        if now_s >= self._told_all_s + REPEAT_EVERY_S:
            self._told_all_s, self._told_ms = now_s, {}
        for partition, until_ms in self._aligner.announced_ms.items():
            if self._told_ms.get(partition) != until_ms:
                self._told_ms[partition] = until_ms
                yield partition, self._aligner.coming(partition)

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
