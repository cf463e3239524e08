"""Batches sent past aiokafka's queues: once each, in order, where they are said to stand, whatever happens."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import uuid
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import ConnectionGroup
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import MessageSizeTooLargeError

from agents.ports import Outgoing
from app.batching import batches_of
from app.outputs import BatchSender
from app.transport import produce_direct, produce_request
from app.transport.produce_answer import Asked
from app.transport.produce_direct import deliver
from tests.topics import create_topic, read_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from app.broker.embedded import EmbeddedBroker

PARTITIONS = 4
LIMIT_S = 60.0
REQUEST_TIMEOUT_MS = 1_000


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let requests be sent as a worker sends them, and see that never more than one is on its way."""
    counts: list[int] = []

    def send(connection: Any, request: Any, expect_response: bool = True) -> Any:
        answer = produce_request._send(connection, request, expect_response)
        counts.append(sum(isinstance(asked, Asked) for _, asked, _ in connection._requests))
        return answer

    monkeypatch.setattr(AIOKafkaConnection, "send", send)
    yield counts
    assert max(counts) == 1


@pytest.fixture
async def topic(broker: EmbeddedBroker) -> str:
    """Return a new topic."""
    name = f"direct-{uuid.uuid4().hex}"
    await create_topic(broker.bootstrap, name, PARTITIONS)
    return name


@pytest.fixture
async def producer(broker: EmbeddedBroker) -> AsyncIterator[AIOKafkaProducer]:
    """Run a producer that is set as a worker's, and gives up waiting for an answer soon."""
    one = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap,
        enable_idempotence=True,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=50,
    )
    await one.start()
    yield one
    await asyncio.wait_for(one.stop(), LIMIT_S)


class Rounds:
    """Numbered records sent round after round, and where each of them was said to stand."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, seed: int = 1) -> None:
        self.sent = 0
        self.said: dict[tuple[int, int], bytes] = {}
        self._topic = topic
        self._random = random.Random(seed)
        self._send = BatchSender(lambda: producer, "", self._appended, deliver=deliver)

    def _appended(self, topic: str, partition: int, first: Any, outputs: Any) -> None:
        assert topic == self._topic
        for at, one in enumerate(outputs):
            if first.offset >= 0:
                self.said[partition, first.offset + at] = one.value

    async def go(self, rounds: int, *, bytes_each: int = 20) -> None:
        """Send so many rounds, each some records to some partitions, and wait for each."""
        for _ in range(rounds):
            outputs = []
            for partition in self._random.sample(range(PARTITIONS), self._random.randint(1, PARTITIONS)):
                for _ in range(self._random.randint(1, 9)):
                    outputs.append(Outgoing(self._topic, partition, b"k", b"%d" % self.sent + bytes(bytes_each)))
                    self.sent += 1
            await asyncio.wait_for(await self._send(outputs), LIMIT_S)

    async def check(self, bootstrap: str) -> None:
        """Hold the topic against what was sent: each record once, in order, and where it was said to be."""
        records = await read_topic(bootstrap, self._topic)
        by_partition: dict[int, list[int]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(int(record.value.rstrip(b"\0")))
        assert sorted(number for some in by_partition.values() for number in some) == list(range(self.sent))
        assert all(some == sorted(some) for some in by_partition.values())
        there = {(record.partition, record.offset): record.value for record in records}
        assert self.said.items() <= there.items()


@asynccontextmanager
async def cut_connections(producer: AIOKafkaProducer) -> AsyncIterator[None]:
    """Close connections every few milliseconds while they have requests on their way."""
    random_s = random.Random(2)

    async def cut() -> None:
        while True:
            await asyncio.sleep(random_s.uniform(0, 0.01))
            for connection in list(producer.client._conns.values()):
                if connection._requests:
                    connection.close()

    cutting = asyncio.create_task(cut())
    try:
        yield
    finally:
        cutting.cancel()


@contextmanager
def stopped(broker: EmbeddedBroker) -> Iterator[None]:
    """Let a broker answer nothing."""
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.pid, signal.SIGCONT)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the requests that go past the queues."""
    requests: list[int] = []
    send = produce_direct._Request._send

    async def counted(request: Any) -> Any:
        requests.append(len(request._batches))
        return await send(request)

    monkeypatch.setattr(produce_direct._Request, "_send", counted)
    return requests


async def test_rounds_arrive_once_and_in_order(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str, asked: list[int]
) -> None:
    """The first opens the connection by aiokafka's means; all others go past its queues, a request for a round."""
    rounds = Rounds(producer, topic)
    await rounds.go(40)

    await rounds.check(broker.bootstrap)
    assert len(rounds.said) == rounds.sent
    assert len(asked) == 39


async def test_more_than_a_batch_holds_goes_in_several(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str
) -> None:
    """One request after the other."""
    rounds = Rounds(producer, topic)
    await rounds.go(6, bytes_each=300_000)

    await rounds.check(broker.bootstrap)
    assert len(rounds.said) == rounds.sent


async def test_answers_that_are_lost_are_asked_for_again(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str, asked: list[int]
) -> None:
    """Connections close while requests are on their way: before Kafka has them, or before its answer is here."""
    rounds = Rounds(producer, topic)
    async with cut_connections(producer):
        await rounds.go(60)

    await rounds.check(broker.bootstrap)
    assert len(asked) > 10


async def test_a_broker_that_is_killed_loses_and_repeats_nothing(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str
) -> None:
    """It comes back on the same port, and whoever waited goes on."""
    rounds = Rounds(producer, topic)
    await rounds.go(5)
    going = asyncio.create_task(rounds.go(200))
    await asyncio.sleep(0)
    await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)
    await asyncio.wait_for(going, 2 * LIMIT_S)

    await rounds.check(broker.bootstrap)


async def test_a_broker_that_does_not_answer_in_time_is_asked_again(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str
) -> None:
    """It was stopped and appends the request when it goes on; it knows it when it is sent again."""
    rounds = Rounds(producer, topic)
    await rounds.go(5)
    leader = producer.client.cluster.leader_for_partition(TopicPartition(topic, 0))
    connection = producer.client._conns[leader, ConnectionGroup.DEFAULT]
    with stopped(broker):
        going = asyncio.create_task(rounds.go(1))
        async with asyncio.timeout(LIMIT_S):
            while connection.connected():
                await asyncio.sleep(0.01)
    await going
    await rounds.go(5)

    await rounds.check(broker.bootstrap)


@pytest.mark.parametrize("around", [lambda _: nullcontext(), cut_connections], ids=["sound", "cut"])
async def test_what_aiokafka_sends_itself_stays_in_order_with_it(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str, asked: list[int], around: Any
) -> None:
    """To the same partitions at the same time: each partition has one sequence, also where batches are sent again."""

    async def alone(partition: int) -> None:
        for number in range(60):
            await producer.send_and_wait(topic, b"%d" % number, b"alone", partition=partition)

    async with around(producer):
        others = [asyncio.create_task(alone(partition)) for partition in range(PARTITIONS)]
        for number in range(60):
            made = {
                TopicPartition(topic, at): batches_of(producer, [Outgoing(topic, at, b"direct", b"%d" % number)])
                for at in range(2)
            }
            assert not (await asyncio.wait_for(deliver(producer, made), LIMIT_S)).errors
            await asyncio.sleep(0)
        for other in others:
            await asyncio.wait_for(other, LIMIT_S)

    there: dict[tuple[bytes, int], list[int]] = {}
    for record in await read_topic(broker.bootstrap, topic):
        there.setdefault((record.key, record.partition), []).append(int(record.value))
    whole = list(range(60))
    assert there == {(b"alone", at): whole for at in range(PARTITIONS)} | {(b"direct", at): whole for at in range(2)}
    assert asked


async def test_what_aiokafka_is_given_meanwhile_waits(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str, at_once: list[int]
) -> None:
    """One request at a time, whoever sends it."""
    rounds = Rounds(producer, topic)
    await rounds.go(2)
    with stopped(broker):
        going, count = asyncio.create_task(rounds.go(1)), len(at_once)
        async with asyncio.timeout(LIMIT_S):
            while not (at_once[count:] and at_once[-1]):
                await asyncio.sleep(0)
        other = await producer.send(topic, b"%d" % rounds.sent, partition=0)
        rounds.sent += 1
        for _ in range(50):
            await asyncio.sleep(0)
    await going
    await other

    await rounds.check(broker.bootstrap)


async def test_what_aiokafka_has_already_goes_first(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str
) -> None:
    """Though it has not begun to send it."""
    await Rounds(producer, topic).go(2)
    first = await producer.send(topic, b"first", partition=0)
    made = batches_of(producer, [Outgoing(topic, 0, None, b"second")])
    await asyncio.wait_for(deliver(producer, {TopicPartition(topic, 0): made}), LIMIT_S)
    await first

    values = [one.value for one in await read_topic(broker.bootstrap, topic) if one.partition == 0]
    assert values[-2:] == [b"first", b"second"]


async def test_a_batch_that_kafka_refuses_is_an_error_of_its_partition_alone(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str
) -> None:
    """The others of the same request stand where they are said to."""
    small = f"{topic}-small"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(small, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    await admin.close()

    def made(to: str, size: int) -> dict[TopicPartition, list[Any]]:
        return {TopicPartition(to, 0): batches_of(producer, [Outgoing(to, 0, None, bytes(size))])}

    assert not (await deliver(producer, {**made(topic, 9), **made(small, 9)})).errors
    found = await asyncio.wait_for(deliver(producer, {**made(small, 5_000), **made(topic, 5_000)}), LIMIT_S)

    assert isinstance(found.errors[TopicPartition(small, 0)], MessageSizeTooLargeError)
    assert found.places.keys() == {TopicPartition(topic, 0)}
    assert [len(one.value) for one in await read_topic(broker.bootstrap, topic)] == [9, 5_000]


async def test_a_producer_that_stops_waits_for_what_is_on_its_way(
    broker: EmbeddedBroker, producer: AIOKafkaProducer, topic: str
) -> None:
    """As it does for batches of its own."""
    rounds = Rounds(producer, topic)
    await rounds.go(3)
    going = asyncio.create_task(rounds.go(1))
    async with asyncio.timeout(LIMIT_S):
        while not producer._message_accumulator._pending_batches:
            await asyncio.sleep(0)
    await producer.stop()

    await asyncio.wait_for(going, 1)
    await rounds.check(broker.bootstrap)
