"""The stream command's engine: records are made ahead in a thread and sent when they are due, never early.

Pacing is open-loop: what is due is due, however slow the broker is, and a payment's event time is when it was due; a
stream that falls behind says so instead of slowing its clock.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from features.errors import BrokerError
from simulator.records import TOPICS, TRANSACTIONS
from simulator.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.progress import Progress
    from simulator.records import Records

_CHUNK_MAX = 4000
_SLEEP_MAX_S = 0.2
_TICK_S, _FAST_TICK_S = 0.001, 0.004
_FAST_RATE = 5000
_BATCH_BYTES = 512 * 1024
_SWITCH_S = 0.0005
"""How long Python threads keep each other waiting: making records ahead must not hold up sending."""


@dataclass(slots=True)
class Sent:
    """What a stream has done: counts, how long it took, and how far it was behind its schedule at worst."""

    transactions: int = 0
    verdicts: int = 0
    frauds: int = 0
    elapsed_s: float = 0.0
    behind_ms_max: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """When to send and when to stop: `start_ms` epoch ms of the first record; None stands for no limit."""

    start_ms: int
    rate: float
    transactions_max: int | None = None
    seconds_max: float | None = None


async def open_producer(options: dict[str, Any], compression: str | None) -> AIOKafkaProducer:
    """Return a started idempotent producer; BrokerError if no broker answers."""
    producer = AIOKafkaProducer(
        **options,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=_BATCH_BYTES,
        compression_type=compression,
    )
    try:
        await producer.start()
    except (KafkaError, OSError) as exc:
        await producer.stop()
        servers = options["bootstrap_servers"]
        raise BrokerError(f"no Kafka answers at {servers}: {exc!r}; start one or set BROKER_URL") from exc
    return producer


async def open_sender(producer: AIOKafkaProducer, prefix: str, *, labels: bool) -> Sender:
    """Return a sender to the topics under a prefix; BrokerError if one does not exist."""
    topics = [prefix + topic for topic in (TOPICS if labels else TOPICS[:1])]
    cluster = await producer.client.fetch_all_metadata()
    partitions = []
    for topic in topics:
        found = cluster.partitions_for_topic(topic)
        if not found:
            raise BrokerError(f"the topic {topic} does not exist: start a worker, which creates it, or create it")
        partitions.append(len(found))
    return Sender(producer, topics, partitions)


@dataclass(slots=True)
class Stream:
    """One run of sending; `stop` ends it early, `truth` is told what is true of each payment sent."""

    sender: Sender
    pace: Pace
    progress: Progress
    truth: BinaryIO | None
    stop: asyncio.Event
    sent: Sent = field(default_factory=Sent)
    began_s: float = 0.0

    async def run(self, records: Iterator[Records]) -> Sent:
        """Send blocks of records until they end, a limit of the pace is reached or `stop` is set."""
        sys.setswitchinterval(_SWITCH_S)
        self.began_s = time.perf_counter() - (time.time() - self.pace.start_ms / 1000)
        coming = asyncio.create_task(asyncio.to_thread(next, records, None))
        while (block := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, records, None))
            done = await self._send(block, self._limit(block))
            self.sent.frauds += int(block.fraud[:done].sum())
            if self.truth is not None:
                self.truth.write(b"".join(block.truth[:done]))
                self.truth.flush()
            if done < len(block):
                await coming
                break
        await self.sender.drain()
        self.sent.elapsed_s = self._elapsed_s()
        return self.sent

    def _elapsed_s(self) -> float:
        return time.perf_counter() - self.began_s

    def _limit(self, block: Records) -> int:
        """Return how many of a block's records may go."""
        pace, end = self.pace, len(block)
        if pace.seconds_max is not None:
            paced = int(np.searchsorted(block.due_ms, pace.seconds_max * 1000))
            end = min(end, paced if pace.rate else end * (self._elapsed_s() < pace.seconds_max))
        if pace.transactions_max is not None:
            counts = np.cumsum(np.asarray(block.topic) == TRANSACTIONS)
            end = min(end, int(np.searchsorted(counts, pace.transactions_max - self.sent.transactions, side="right")))
        return end

    async def _send(self, block: Records, end: int) -> int:
        """Send a block's first `end` records, each when it is due; return how many went before `stop` was set."""
        position, rate = 0, self.pace.rate
        tick_s = _FAST_TICK_S if rate >= _FAST_RATE else _TICK_S
        while position < end and not self.stop.is_set():
            elapsed_ms = self._elapsed_s() * 1000
            due = int(np.searchsorted(block.due_ms[:end], elapsed_ms, side="right")) if rate else end
            due = min(due, position + _CHUNK_MAX)
            if due > position:
                self._append(block, position, due, elapsed_ms)
                position = due
            await self.sender.flush()
            wait_s = (float(block.due_ms[position]) - elapsed_ms) / 1000 if rate and position < end else 0.0
            await asyncio.sleep(min(max(tick_s, wait_s), _SLEEP_MAX_S) if rate else 0)
        return position

    def _append(self, block: Records, begin: int, end: int, elapsed_ms: float) -> None:
        sent = self.sent
        if self.pace.rate:
            sent.behind_ms_max = max(sent.behind_ms_max, elapsed_ms - float(block.due_ms[begin]))
        self.sender.append(block, begin, end, int(time.time() * 1000))
        payments = block.topic[begin:end].count(TRANSACTIONS)
        sent.transactions += payments
        sent.verdicts += end - begin - payments
        self.progress.advance(payments)
