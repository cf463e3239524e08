"""Sends what stages put out: one batch per topic partition and round trip, whoever put it out.

The batches of aiokafka's idempotent producer cost a fifth of its `send` per record and keep the order of a partition.
The producer takes one batch per partition at a time, and many callers that wait for that place run into its time limit
(`add_batch` counts waiting more than once). So each partition has a lane here: what comes while a batch is under way
waits in the lane and goes as the next batch, in the order of the calls.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiokafka import AIOKafkaProducer

    from agents.ports import Output


_NO_HEADERS: list[tuple[str, bytes]] = []


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


class _Records(NamedTuple):
    """Records that wait, as columns: an object for each would be most of what they cost."""

    keys: list[bytes | None]
    values: list[bytes]
    headers: list[list[tuple[str, bytes]]]

    def add(self, output: Output) -> None:
        """Put records behind the others."""
        if isinstance(output, Outgoing):
            self.keys.append(output.key)
            self.values.append(output.value)
            self.headers.append(list(output.headers))
        else:
            self.keys.extend(output.keys)
            self.values.extend(output.values)
            self.headers.extend([_NO_HEADERS] * len(output.values))


class _Lane:
    """The way to one topic partition: what waits, and who waits for it."""

    def __init__(self, producer: Callable[[], AIOKafkaProducer], topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._waiting = _Records([], [], [])
        self._acknowledged: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._acknowledging: set[asyncio.Task[None]] = set()

    def add(self, output: Output) -> asyncio.Future[None]:
        """Put records behind those that wait, and return what ends with their acknowledgement."""
        self._waiting.add(output)
        if self._acknowledged is None:
            self._acknowledged = asyncio.get_running_loop().create_future()
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return self._acknowledged

    async def _send(self) -> None:
        """Hand what waits to the producer, batch after batch, until nothing waits."""
        while self._waiting.values and self._acknowledged is not None:
            records, self._waiting = self._waiting, _Records([], [], [])
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


def _batches(producer: AIOKafkaProducer, records: _Records) -> list[Any]:
    batches = [producer.create_batch()]
    append = batches[-1].append
    for key, value, headers in zip(*records, strict=True):
        if append(key=key, value=value, timestamp=None, headers=headers) is None:
            batches.append(producer.create_batch())
            append = batches[-1].append
            append(key=key, value=value, timestamp=None, headers=headers)
    return batches
