"""What a worker appended to a log is handed on where it is the log's next, and only there; the rest is fetched."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from faust.types import TP

from agents.ports import Chunk, Outgoing
from app.transport.own_appends import Places, ReadPast
from app.transport.stages import Opened, Stages

if TYPE_CHECKING:
    from collections.abc import Iterable

BY_PAYEE = TP("transactions-by-payee", 0)
PARTITIONS = 2


class Task:
    """Takes chunks."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.full = False

    def deliver(self, chunk: Chunk, *, more: bool = False) -> None:
        """Take a chunk."""
        assert not more
        self.chunks.append(chunk)

    def tell(self) -> None:
        """Look at what waits."""

    async def finish(self) -> None:
        """End."""

    @property
    def offsets(self) -> list[int]:
        """The offsets of every record taken."""
        return [record.offset for chunk in self.chunks for record in chunk.records]


class Worker:
    """The stages of a worker, opened for some partitions at position 5."""

    def __init__(self) -> None:
        self.acknowledged: list[tuple[TP, int]] = []
        self.stages = Stages(lambda: PARTITIONS, lambda tp, offset: self.acknowledged.append((tp, offset)))
        self.tasks: dict[TP, Task] = {}
        for topic, written_by in (("transactions", None), ("transactions-by-payee", "transactions")):
            self.stages.register(topic, partial(self._open, topic), written_by=written_by)

    async def _open(self, topic: str, partition: int) -> Opened:
        async def close() -> None:
            return

        task = self.tasks[TP(topic, partition)] = Task()
        return Opened(cast("Any", task), 5, close)

    async def open(self, payer_partitions: Iterable[int]) -> Task:
        """Open these partitions of `transactions` and the first by payee; return the latter's task."""
        await self.stages.open([*(TP("transactions", one) for one in payer_partitions), BY_PAYEE])
        return self.tasks[BY_PAYEE]

    def append(self, first: int, count: int) -> None:
        """Tell of records that the broker acknowledged at `first`."""
        metadata = cast("Any", SimpleNamespace(offset=first, timestamp=1_000))
        self.stages.hand_on(BY_PAYEE.topic, 0, metadata, [Outgoing(BY_PAYEE.topic, 0, None, b"bundle")] * count)

    def fetch(self, first: int, count: int) -> None:
        """Deliver records as the batch transport does."""
        records = [SimpleNamespace(offset=offset) for offset in range(first, first + count)]
        message = SimpleNamespace(tp=BY_PAYEE, offset=first + count - 1, value=records, behind=0, more=False)
        self.stages.deliver(cast("Any", SimpleNamespace(message=message, ack=lambda: None)))


@pytest.fixture
def worker() -> Worker:
    """Return a worker."""
    return Worker()


async def test_what_was_appended_behind_the_last_record_given_is_handed_on(worker: Worker) -> None:
    """Once, with the log's offsets, and acknowledged like what was fetched."""
    task = await worker.open([0, 1])
    worker.append(5, 2)
    worker.append(7, 1)
    worker.append(7, 1)
    assert task.offsets == [5, 6, 7]
    assert [record.value for chunk in task.chunks for record in chunk.records] == [b"bundle"] * 3

    for chunk in task.chunks:
        chunk.ack()
    assert worker.acknowledged == [(BY_PAYEE, 6), (BY_PAYEE, 7)]


async def test_behind_records_of_another_writer_everything_waits_for_the_fetch(worker: Worker) -> None:
    """So that the order is the log's; behind what was fetched it goes on directly."""
    task = await worker.open([0, 1])
    worker.append(6, 1)
    worker.append(7, 2)
    assert task.offsets == []

    worker.fetch(5, 4)
    worker.append(9, 1)
    assert task.offsets == [5, 6, 7, 8, 9]


async def test_a_partition_with_enough_waiting_is_handed_nothing(worker: Worker) -> None:
    """The log is the queue: the fetch reads it when there is room."""
    task = await worker.open([0, 1])
    task.full = True
    worker.append(5, 1)
    task.full = False
    worker.append(6, 1)
    assert task.offsets == []
    assert worker.stages.places.read_back(BY_PAYEE)


async def test_nothing_is_handed_to_partitions_that_were_given_up(worker: Worker) -> None:
    """An acknowledgement may come after a rebalance, which begins where the state is."""
    task = await worker.open([0, 1])
    await worker.stages.release()
    worker.append(5, 1)
    assert task.offsets == []


@pytest.mark.parametrize(("payer_partitions", "alone"), [([0, 1], True), ([1], False)])
async def test_a_log_need_not_be_read_where_this_worker_alone_writes_it(
    worker: Worker, payer_partitions: list[int], alone: bool
) -> None:
    """That is: where all partitions that lead to it are open here."""
    await worker.open(payer_partitions)
    worker.append(5, 1)
    assert worker.stages.places.read_back(BY_PAYEE) is not alone


class Fetcher:
    """Says which partitions it was asked to choose from, and where they are read."""

    def __init__(self) -> None:
        self._records: dict[TP, object] = {}
        self.states = {BY_PAYEE: Position(5), TP("transactions", 0): Position(3)}

    def _get_actions_per_node(self, assignment: Any) -> dict[TP, int]:
        return {tp: assignment.state_value(tp).position for tp in assignment.tps}


class Position:
    """Where a partition is read from."""

    has_valid_position = True

    def __init__(self, position: int) -> None:
        self.position = position

    def seek(self, position: int) -> None:
        """Read from another place."""
        self.position = position


def test_fetches_begin_behind_what_was_handed_on_and_leave_out_what_needs_no_reading() -> None:
    """But for a look now and then, and where something was appended that could not be handed on."""
    fetcher, places = Fetcher(), Places()
    choose = ReadPast(fetcher, places)
    assignment = SimpleNamespace(tps=list(fetcher.states), state_value=fetcher.states.get)
    places.begin({BY_PAYEE: 5}, frozenset({BY_PAYEE}))
    places.given(BY_PAYEE, 8)
    assert choose(assignment) == {BY_PAYEE: 9, TP("transactions", 0): 3}
    assert choose(assignment) == {TP("transactions", 0): 3}

    assert not places.is_next(BY_PAYEE, 10, 2)
    assert choose(assignment) == {BY_PAYEE: 9, TP("transactions", 0): 3}
    places.given(BY_PAYEE, 11)
    assert choose(assignment) == {TP("transactions", 0): 3}


def test_what_was_fetched_and_not_taken_yet_is_not_passed_over() -> None:
    """It was read where the partition stood then."""
    fetcher, places = Fetcher(), Places()
    fetcher._records[BY_PAYEE] = object()
    places.begin({BY_PAYEE: 9}, frozenset())
    choose = ReadPast(fetcher, places)
    assert choose(SimpleNamespace(tps=[BY_PAYEE], state_value=fetcher.states.get)) == {BY_PAYEE: 5}
