"""Sends what stages put out, round after round: whatever came meanwhile goes as one batch per topic partition.

Whole batches (`tables.record_batch`) cost a small part of aiokafka's `send` per record and keep a partition's order.
The producer has one request to a broker under way at a time, so what comes while a round is under way waits here and
goes together in the next: the fewer the requests, the less of both processors they take, the broker's above all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from app.batching import batches_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import RecordMetadata

    from agents.ports import Outgoing, Output

_Lane = tuple[str, int]


class _Batch(NamedTuple):
    """A batch that the producer has: how many records, and what tells where they stand."""

    records: int
    appended: asyncio.Future[RecordMetadata]


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
    ) -> None:
        self._producer = producer
        self._topic_prefix = topic_prefix
        self._on_appended = on_appended
        self._on_durable = on_durable
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
        sent: dict[_Lane, list[_Batch]] = {}
        for lane, outputs in this.outputs.items():
            try:
                sent[lane] = await self._hand_over(lane, outputs)
            except Exception as exc:  # noqa: BLE001 - whatever it is, it belongs to those who wait
                this.errors[lane] = exc
        on_their_way = [(lane, one.appended) for lane, handed_over in sent.items() for one in handed_over]
        results = await asyncio.gather(*(appended for _, appended in on_their_way), return_exceptions=True)
        for (lane, _), result in zip(on_their_way, results, strict=True):
            if isinstance(result, BaseException):
                this.errors[lane] = result
        # All at once: what the partitions of a stage are handed is worked on together.
        for lane, handed_over in sent.items():
            if lane not in this.errors:
                self._tell(lane, handed_over, this.outputs[lane])

    def _tell(self, lane: _Lane, handed_over: Sequence[_Batch], outputs: Sequence[Output]) -> None:
        """Say that outputs are durable, and where the records of a partition stand, where each output is one."""
        self._on_durable(*lane, outputs)
        if len(outputs) != sum(one.records for one in handed_over):
            return
        singles, at = cast("Sequence[Outgoing]", outputs), 0
        for count, appended in handed_over:
            self._on_appended(self._topic_prefix + lane[0], lane[1], appended.result(), singles[at : at + count])
            at += count

    async def _hand_over(self, lane: _Lane, outputs: Sequence[Output]) -> list[_Batch]:
        """Give the producer the batches of one partition; it takes a second one when it has sent the first."""
        producer, (topic, partition) = self._producer(), lane
        return [
            _Batch(
                batch.record_count(),
                await producer.send_batch(batch, self._topic_prefix + topic, partition=partition),
            )
            for batch in batches_of(producer, outputs)
        ]
