"""What stages put out goes in rounds: together, in order, and each error to those whom it concerns."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder

from agents.ports import Outgoing
from app.batching import BATCH_BYTES_MAX
from app.outputs import BatchSender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka.structs import RecordMetadata

    from agents.ports import Output


class Producer:
    """Takes batches as aiokafka's producer does; the test says when each is acknowledged."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, int]] = []
        self.acknowledged: list[asyncio.Future[Any]] = []

    def create_batch(self) -> BatchBuilder:
        """Return an empty batch, of the size that aiokafka has unless told."""
        return BatchBuilder(16_384, 0, is_transactional=False, key_serializer=None, value_serializer=None)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[Any]:
        """Take a batch."""
        if topic == "t.refused":
            raise OSError("no such topic")
        self.sent.append((topic, partition, batch.record_count()))
        self.acknowledged.append(asyncio.get_running_loop().create_future())
        return self.acknowledged[-1]


def output(topic: str, partition: int = 0) -> Outgoing:
    """Return a record to send."""
    return Outgoing(topic, partition, b"key", b"value")


async def sent(producer: Producer, count: int) -> None:
    """Return when the producer has so many batches."""
    async with asyncio.timeout(5):
        while len(producer.sent) < count:
            await asyncio.sleep(0)


async def test_what_comes_during_a_round_goes_together_in_the_next() -> None:
    """One batch per topic partition, however many calls it came by."""
    producer = Producer()
    send = BatchSender(lambda: cast("Any", producer), "t.")
    first = await send([output("a")])
    await sent(producer, 1)
    later = [await send([output("a"), output("b", 1)]) for _ in range(3)]
    await asyncio.sleep(0)
    assert producer.sent == [("t.a", 0, 1)]

    producer.acknowledged[0].set_result(None)
    await asyncio.wait_for(first, 5)
    await sent(producer, 3)
    assert producer.sent[1:] == [("t.a", 0, 3), ("t.b", 1, 3)]
    for acknowledged in producer.acknowledged[1:]:
        acknowledged.set_result(None)
    for one in later:
        await asyncio.wait_for(one, 5)


async def test_an_error_is_raised_for_those_whose_partition_it_is() -> None:
    """And for nobody else: whoever shares a round with it goes on."""
    producer = Producer()
    send = BatchSender(lambda: cast("Any", producer), "t.")
    fine, refused = await send([output("a")]), await send([output("refused")])
    lost = await send([output("b")])
    await sent(producer, 2)
    producer.acknowledged[0].set_result(None)
    producer.acknowledged[1].set_exception(ConnectionError("gone"))

    await asyncio.wait_for(fine, 5)
    with pytest.raises(OSError, match="no such topic"):
        await refused
    with pytest.raises(ConnectionError):
        await lost


async def test_who_waits_is_not_told_that_all_is_well_when_sending_is_given_up() -> None:
    """Nobody knows what became of the outputs."""
    producer = Producer()
    send = BatchSender(lambda: cast("Any", producer), "t.")
    acknowledged = await send([output("a")])
    await sent(producer, 1)
    assert send._sending is not None
    send._sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await acknowledged


async def test_where_outputs_stand_is_told_when_they_are_durable_batch_by_batch() -> None:
    """With the whole name of the topic; of what could not be sent nothing is told."""
    producer, told = Producer(), list[tuple[str, int, int, int]]()

    durable: list[tuple[str, int, int]] = []

    def on_appended(topic: str, partition: int, first: RecordMetadata, outputs: Sequence[Outgoing]) -> None:
        told.append((topic, partition, first.offset, len(outputs)))

    def on_durable(topic: str, partition: int, outputs: Sequence[Output]) -> None:
        durable.append((topic, partition, len(outputs)))

    send = BatchSender(lambda: cast("Any", producer), "t.", on_appended, on_durable)
    large = Outgoing("a", 0, None, bytes(BATCH_BYTES_MAX // 2))
    whole = await send([large, output("refused"), large, large])
    await sent(producer, 3)
    assert told == []
    assert durable == []

    for acknowledged, offset in zip(producer.acknowledged, (7, 8, 20), strict=True):
        acknowledged.set_result(SimpleNamespace(offset=offset))
    with pytest.raises(OSError, match="no such topic"):
        await asyncio.wait_for(whole, 5)
    assert told == [("t.a", 0, 7, 1), ("t.a", 0, 8, 1), ("t.a", 0, 20, 1)]
    assert durable == [("a", 0, 3)]
