"""Which verdicts a payer partition takes from `labels` when it is opened, on a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from faust.types import TP

from agents.alignment import Aligner
from agents.overdue import Overdue, Span
from agents.payer import PayerApplied, PayerLogic, leased
from app.overdue_labels import take_overdue
from tables.clients import wait_closed
from tests.agents.stages import T0_MS, DictTable, all_in_one, payment
from tests.topics import create_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from app.broker.embedded import EmbeddedBroker

BACKLOG = 7


class OneCommit(DictTable):
    """A table of which `durable` is what was committed."""

    durable: bytes | None = None

    def prepare(self, states: Mapping[bytes, bytes], applied: bytes) -> None:
        """Take what is applied."""
        assert not states
        self._prepared_applied = applied

    def stage(self) -> None:
        """Take it for the next commit."""
        self.applied = self._prepared_applied

    async def commit(self, *_: object, **__: object) -> None:
        """Make it durable."""
        self.durable = self.applied


class Deployment:
    """The topics of a deployment with a backlog of `BACKLOG`, and where its group stands in `labels`."""

    def __init__(self, broker: EmbeddedBroker, prefix: str, consumer: AIOKafkaConsumer) -> None:
        self.options = {"bootstrap_servers": broker.bootstrap}
        self.prefix = prefix
        self.copied = 0
        self._consumer = consumer

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return where logs end."""
        ends = await self._consumer.end_offsets([TopicPartition(*tp) for tp in partitions])
        return {TP(*tp): end for tp, end in ends.items()}

    async def committed(self, tp: TP) -> int:
        """Return up to where `labels` is copied."""
        assert tp.topic == f"{self.prefix}labels"
        return self.copied

    async def send(self, name: str, *values: bytes) -> None:
        """Append records."""
        producer = AIOKafkaProducer(**self.options)
        await producer.start()
        for value in values:
            await producer.send_and_wait(f"{self.prefix}{name}", value, partition=0, timestamp_ms=T0_MS + 3_600_000)
        await producer.stop()

    async def open(self, table: DictTable) -> PayerLogic:
        """Open the partition as a worker does, whose claim comes with the note here."""
        logic = PayerLogic(0, table, Aligner(lambda: 0.0), all_in_one)
        await take_overdue(self, self.options, self.prefix, logic)
        return logic


@pytest.fixture
async def deployment(broker: EmbeddedBroker, request: pytest.FixtureRequest) -> AsyncIterator[Deployment]:
    """Give a deployment with a backlog and three verdicts."""
    prefix = f"overdue-{abs(hash(request.node.name))}."
    for name in ("transactions", "labels"):
        await create_topic(broker.bootstrap, prefix + name, 1)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
    await consumer.start()
    given = Deployment(broker, prefix, consumer)
    await given.send("transactions", *[payment(number) for number in range(BACKLOG)])
    await given.send("labels", *[label(number) for number in range(3)])
    yield given
    await consumer.stop()
    await wait_closed()


def label(number: int) -> bytes:
    """Return a verdict."""
    return payment(number, is_fraud=1, label_time=T0_MS + 1_000 * number, source="bank")


def noted(table: DictTable) -> Overdue | None:
    """Return what a table has noted of overdue verdicts."""
    return msgspec.msgpack.decode(table.applied, type=PayerApplied).overdue if table.applied else None


async def test_what_nobody_has_copied_is_noted_before_the_first_chunk(deployment: Deployment) -> None:
    """Of three verdicts the first is copied; what is no verdict counts among the offsets and not among verdicts."""
    await deployment.send("labels", b"{")
    deployment.copied = 1
    table = OneCommit()
    await deployment.open(table)

    assert noted(table) == Overdue(BACKLOG, [Span(1, 4)], 2)
    assert table.durable == table.applied


async def test_without_a_backlog_or_without_verdicts_nothing_is_noted(deployment: Deployment) -> None:
    """Neither a partition that stands at its log's end nor one all of whose verdicts are copied takes any."""
    at_the_end = OneCommit(msgspec.msgpack.encode(PayerApplied(BACKLOG - 1, leased_until=BACKLOG)))
    await deployment.open(at_the_end)
    deployment.copied = 3
    copied = OneCommit()
    await deployment.open(copied)

    assert [noted(at_the_end), noted(copied)] == [None, None]
    assert [at_the_end.durable, copied.durable] == [None, None]


async def test_whoever_goes_on_takes_the_same_though_more_came(deployment: Deployment) -> None:
    """Until all have taken effect; the next backlog then takes what came since, and remembers what was taken."""
    table = OneCommit()
    await deployment.open(table)
    first = noted(table)
    await deployment.send("labels", label(4), label(5))
    await deployment.send("transactions", payment(9))
    await deployment.open(table)
    assert noted(table) == first == Overdue(BACKLOG, [Span(0, 3)], 3)

    table.applied = msgspec.msgpack.encode(PayerApplied(BACKLOG - 1, overdue=Overdue(BACKLOG, [Span(0, 3)], 3, 3)))
    deployment.copied = 2
    await deployment.open(table)
    assert noted(table) == Overdue(BACKLOG + 1, [Span(0, 3), Span(3, 5, BACKLOG)], 2, first_rank=3)


async def test_behind_what_a_killed_worker_may_have_put_out_verdicts_take_their_places(deployment: Deployment) -> None:
    """It may have decided without them up to its lease; where that covers the whole backlog none is moved."""
    some, everything = OneCommit(leased(None, 3)), OneCommit(leased(None, BACKLOG))
    for killed in (some, everything):
        await deployment.open(killed)

    assert noted(some) == Overdue(BACKLOG, [Span(0, 3, 3)], 3)
    assert noted(everything) is None


@pytest.mark.parametrize("gone", ["some", "all"])
async def test_where_retention_took_verdicts_their_copies_count(
    deployment: Deployment, caplog: pytest.LogCaptureFixture, gone: str
) -> None:
    """It is said aloud, opening does not wait for what will never come, and no span is passed over any more."""
    table = OneCommit()
    await deployment.open(table)
    if gone == "all":
        table.applied = msgspec.msgpack.encode(PayerApplied(overdue=Overdue(BACKLOG, [Span(50, 53)], 3)))
    else:
        admin = AIOKafkaAdminClient(**deployment.options)
        await admin.start()
        await admin.delete_records({TopicPartition(f"{deployment.prefix}labels", 0): RecordsToDelete(2)})
        await admin.close()
    logic = await deployment.open(table)

    assert logic.applied.overdue == Overdue(BACKLOG, [], 0)
    assert "retention deleted some" in caplog.text
