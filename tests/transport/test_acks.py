"""A log is done with up to where a stage is: what Faust skips at a rebalance is read again by the next owner."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from faust.types import TP, ConsumerMessage

from app.transport.consumer import BatchConsumer
from app.transport.stages import Opened, Stages

if TYPE_CHECKING:
    from agents.ports import Chunk

LABELS = TP("labels", 0)


class Task:
    """Takes chunks and acknowledges none by itself."""

    full = False

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def deliver(self, chunk: Chunk, *, more: bool) -> None:
        """Take a chunk."""
        assert not more
        self.chunks.append(chunk)

    def tell(self) -> None:
        """Look at what waits."""


@pytest.fixture
def consumer() -> BatchConsumer:
    """Give a consumer that was given its partitions and nothing else."""
    one = cast("Any", object.__new__(BatchConsumer))
    one.app = SimpleNamespace(topics=SimpleNamespace(acks_enabled_for=lambda _: True))
    one._unacked_messages, one._committed_offset = set(), defaultdict(lambda: None)
    one._acked, one._acked_index, one._n_acked = defaultdict(list), defaultdict(set), 0
    one._waiting_for_ack = None
    return cast("BatchConsumer", one)


def event(consumer: BatchConsumer) -> Any:
    """Return what Faust makes of a chunk that ends at offset 7."""
    message = ConsumerMessage("labels", 0, 7, 0.0, 0, [], None, [], None, None, None, LABELS)
    message.more, message.taken, message.behind = False, False, 0
    return SimpleNamespace(message=message, ack=lambda: message.ack(consumer))


async def opened(consumer: BatchConsumer, task: Task) -> Stages:
    """Return the consumer's stages with one partition open, which `task` works on."""

    async def opens(_: int) -> Opened:
        return Opened(cast("Any", task), None, cast("Any", None))

    stages = Stages(lambda: 1, consumer.acknowledge)
    stages.register("labels", opens)
    await stages.open([LABELS])
    return stages


def test_what_faust_skips_is_not_done_with(consumer: BatchConsumer) -> None:
    """It acknowledges an event of an assignment that is over, and no stage has seen it."""
    skipped = event(consumer)
    skipped.message.incref()
    skipped.ack()

    assert consumer._new_offset(LABELS) is None


async def test_what_a_stage_acknowledges_is(consumer: BatchConsumer) -> None:
    """Its next owner goes on behind it."""
    task = Task()
    stages = await opened(consumer, task)
    given = event(consumer)
    given.message.incref()
    stages.deliver(given)
    task.chunks[0].ack()

    assert consumer._new_offset(LABELS) == 8


async def test_records_are_not_kept_for_their_acknowledgement(consumer: BatchConsumer) -> None:
    """Faust holds events and messages until then; what they brought is the stage's alone."""
    task, records = Task(), [object()]
    stages = await opened(consumer, task)
    given = event(consumer)
    given.message.value = given.value = records
    stages.deliver(given)

    assert task.chunks[0].records is records
    assert given.value is None
    assert given.message.value is None
