"""Sends what stages put out: one batch per topic partition and round trip, whoever put it out.

Whole batches (`tables.record_batch`) cost a small part of aiokafka's `send` per record and keep a partition's order.
The producer takes one batch per partition at a time, and many callers that wait for that place run into its time limit
(`add_batch` counts waiting more than once). So each partition has a lane here: what comes while a batch is under way
waits in the lane and goes as the next batch, in the order of the calls.
"""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from agents.ports import Outgoing, one_by_one
from features.pieces import Pieces
from tables.record_batch import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aiokafka import AIOKafkaProducer

    from agents.ports import OutgoingMany, Output


#: Below Kafka's default message.max.bytes of 1 MiB.
BATCH_BYTES_MAX = 900 * 1024


class BatchSender:
    """`agents.ports.Send` over an aiokafka producer; `producer` is asked for it when the first output is sent."""

    def __init__(self, producer: Callable[[], AIOKafkaProducer], topic_prefix: str) -> None:
        self._producer = producer
        self._topic_prefix = topic_prefix
        self._lanes: dict[tuple[str, int], _Lane] = {}

    async def __call__(self, outputs: Sequence[Output]) -> asyncio.Future[list[Any]]:
        """Queue `outputs` and return what ends when the brokers have all of them, or raises aiokafka's error."""
        acknowledged: dict[_Lane, asyncio.Future[None]] = {}
        for output in outputs:
            lane = self._lane((output.topic, output.partition))
            acknowledged[lane] = lane.add(output)
        return asyncio.gather(*acknowledged.values())

    def _lane(self, place: tuple[str, int]) -> _Lane:
        lane = self._lanes.get(place)
        if lane is None:
            topic, partition = place
            lane = self._lanes[place] = _Lane(self._producer, self._topic_prefix + topic, partition)
        return lane


class _Lane:
    """The way to one topic partition: what waits, and who waits for it."""

    def __init__(self, producer: Callable[[], AIOKafkaProducer], topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._waiting: list[Output] = []
        self._acknowledged: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._acknowledging: set[asyncio.Task[None]] = set()

    def add(self, output: Output) -> asyncio.Future[None]:
        """Put records behind those that wait, and return what ends with their acknowledgement."""
        self._waiting.append(output)
        if self._acknowledged is None:
            self._acknowledged = asyncio.get_running_loop().create_future()
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return self._acknowledged

    async def _send(self) -> None:
        """Hand what waits to the producer, batch after batch, until nothing waits."""
        while self._waiting and self._acknowledged is not None:
            records, self._waiting = self._waiting, []
            acknowledged, self._acknowledged = self._acknowledged, None
            try:
                producer = self._producer()
                sent = [
                    await producer.send_batch(batch, self._topic, partition=self._partition)
                    for batch in _batches(producer, records)
                ]
            except Exception as exc:  # noqa: BLE001 - whatever it is, it belongs to those who wait
                _end(acknowledged, exc)
                continue
            task = asyncio.create_task(_acknowledge(sent, acknowledged))
            self._acknowledging.add(task)
            task.add_done_callback(self._acknowledging.discard)


async def _acknowledge(sent: list[Any], acknowledged: asyncio.Future[None]) -> None:
    try:
        await asyncio.gather(*sent)
    except Exception as exc:  # noqa: BLE001 - as above
        _end(acknowledged, exc)
    else:
        _end(acknowledged, None)


def _end(acknowledged: asyncio.Future[None], error: Exception | None) -> None:
    if acknowledged.done():
        return
    if error is None:
        acknowledged.set_result(None)
    else:
        acknowledged.set_exception(error)


def _batches(producer: AIOKafkaProducer, outputs: Sequence[Output]) -> list[Any]:
    groups: list[tuple[Pieces, Pieces]] = []
    for single, some in groupby(outputs, lambda output: isinstance(output, Outgoing)):
        if not single:
            groups += [(output.keys, output.values) for output in cast("Iterator[OutgoingMany]", some)]
            continue
        records = list(cast("Iterator[Outgoing]", some))
        if any(record.headers for record in records):
            return _with_headers(producer, one_by_one(outputs))
        groups.append((Pieces.of([one.key for one in records]), Pieces.of([one.value for one in records])))
    return list(batches(groups, bytes_max=BATCH_BYTES_MAX, transactional=False))


def _with_headers(producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> list[Any]:
    """Return the batches of few records of which some have headers."""
    made = [producer.create_batch()]
    for record in records:
        fields = {"key": record.key, "value": record.value, "timestamp": None, "headers": list(record.headers)}
        if made[-1].append(**fields) is None:
            made.append(producer.create_batch())
            made[-1].append(**fields)
    return made
