"""Sends what stages put out, round after round: whatever came meanwhile goes as one batch per topic partition.

Whole batches (`tables.record_batch`) cost a small part of aiokafka's `send` per record and keep a partition's order.
One request to a broker is under way at a time, so what comes while a round is under way waits here and goes together
in the next: the fewer the requests, the less of both processors they take, the broker's above all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiokafka.structs import TopicPartition

from app.batching import batches_of
from app.delivering import by_aiokafka

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import RecordMetadata

    from agents.ports import Outgoing, Output
    from app.delivering import Deliver

_Lane = tuple[str, int]


class OnAppended(Protocol):
    """Is told that `outputs` stand in a partition of `topic`, by its whole name, from `first` on."""

    def __call__(self, topic: str, partition: int, first: RecordMetadata, outputs: Sequence[Outgoing]) -> None: ...


class OnDurable(Protocol):
    """Is told that `outputs` are durable in a partition of `topic`, by its name without prefix, wherever they stand."""

    def __call__(self, topic: str, partition: int, outputs: Sequence[Output]) -> None: ...


def _tell_nobody(topic: str, partition: int, first: RecordMetadata, outputs: Sequence[Outgoing]) -> None:
    """Tell nobody."""


def _nobody_waits(topic: str, partition: int, outputs: Sequence[Output]) -> None:
    """Tell nobody."""


class _Round:
    """What goes together: outputs by topic partition, in the order of the calls, and what became of them."""

    def __init__(self) -> None:
        self.outputs: dict[_Lane, list[Output]] = {}
        self.errors: dict[_Lane, BaseException] = {}
        self._ended = asyncio.get_running_loop().create_future()

    def add(self, outputs: Sequence[Output]) -> _Acknowledged:
        """Take outputs behind those that wait, and return what ends with their acknowledgement."""
        lanes: set[_Lane] = set()
        for output in outputs:
            lanes.add(lane := (output.topic, output.partition))
            self.outputs.setdefault(lane, []).append(output)
        return _Acknowledged(self, lanes)

    async def ended(self, lanes: Iterable[_Lane]) -> None:
        """Return when the round is over, or raise what became of one of these lanes."""
        await asyncio.shield(self._ended)
        for lane in lanes:
            if lane in self.errors:
                raise self.errors[lane]

    def end(self) -> None:
        """Tell those who wait."""
        self._ended.set_result(None)

    def give_up(self) -> None:
        """Cancel those who wait: nobody knows what became of their outputs."""
        self._ended.cancel()


class _Acknowledged:
    """Ends when outputs are acknowledged; unlike a coroutine it may be left alone."""

    def __init__(self, sent_in: _Round, lanes: Iterable[_Lane]) -> None:
        self._round = sent_in
        self._lanes = lanes

    def __await__(self) -> Generator[Any, None, None]:
        return self._round.ended(self._lanes).__await__()


class BatchSender:
    """`agents.ports.Send` over an aiokafka producer; `producer` is asked for it when the first output is sent.

    `on_appended` is told where single outputs stand in their log as soon as they are durable, in the log's order;
    `on_durable` of all outputs that they are durable.
    """

    def __init__(
        self,
        producer: Callable[[], AIOKafkaProducer],
        topic_prefix: str,
        on_appended: OnAppended = _tell_nobody,
        on_durable: OnDurable = _nobody_waits,
        *,
        deliver: Deliver = by_aiokafka,
    ) -> None:
        self._producer = producer
        self._topic_prefix = topic_prefix
        self._on_appended = on_appended
        self._on_durable = on_durable
        self._deliver = deliver
        self._next: _Round | None = None
        self._sending: asyncio.Task[None] | None = None

    async def __call__(self, outputs: Sequence[Output]) -> Awaitable[None]:
        """Queue `outputs` and return what ends when the brokers have all of them, or raises aiokafka's error."""
        if self._next is None:
            self._next = _Round()
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return self._next.add(outputs)

    async def _send(self) -> None:
        """Send rounds until nothing waits."""
        while self._next is not None:
            this, self._next = self._next, None
            try:
                await self._send_round(this)
            except BaseException:
                this.give_up()
                raise
            this.end()

    async def _send_round(self, this: _Round) -> None:
        producer, made = self._producer(), dict[_Lane, list[Any]]()
        for lane, outputs in this.outputs.items():
            try:
                made[lane] = batches_of(producer, outputs)
            except Exception as exc:  # noqa: BLE001 - whatever it is, it belongs to those who wait
                this.errors[lane] = exc
        delivered = await self._deliver(producer, {self._to(lane): batches for lane, batches in made.items()})
        # All at once: what the partitions of a stage are handed is worked on together.
        for lane, batches in made.items():
            if (to := self._to(lane)) in delivered.errors:
                this.errors[lane] = delivered.errors[to]
            else:
                self._tell(lane, batches, delivered.places[to], this.outputs[lane])

    def _to(self, lane: _Lane) -> TopicPartition:
        return TopicPartition(self._topic_prefix + lane[0], lane[1])

    def _tell(
        self, lane: _Lane, batches: Sequence[Any], places: Sequence[RecordMetadata], outputs: Sequence[Output]
    ) -> None:
        """Say that outputs are durable, and where the records of a partition stand, where each output is one."""
        self._on_durable(*lane, outputs)
        counts = [batch.record_count() for batch in batches]
        if len(outputs) != sum(counts):
            return
        singles, at = cast("Sequence[Outgoing]", outputs), 0
        for count, place in zip(counts, places, strict=True):
            self._on_appended(self._topic_prefix + lane[0], lane[1], place, singles[at : at + count])
            at += count
