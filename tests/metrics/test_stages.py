"""What is counted of a stage: by part and chunk, and only what the broker has."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from agents.crew import Crew
from agents.delivery import PartitionTask
from agents.forward import NoTable
from agents.ports import Chunk, Hold, Outgoing, Output, Part, Together
from app.metrics.names import Metrics
from app.metrics.stages import StageObserver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence

DECISION = Outgoing("decisions", 0, None, b"{}")
REJECTED = Outgoing("rejected", 0, None, orjson.dumps({"reason": "invalid_json"}))


class Logic:
    """Gives one part for each list of outputs that it is made with, after a hold where there is None."""

    def __init__(self, *parts: list[Outgoing] | None) -> None:
        self._parts = parts

    async def parts(self, _: Chunk) -> AsyncIterator[Part | Hold]:
        for outputs in self._parts:
            yield Hold(asyncio.sleep(0.02)) if outputs is None else Part(list(outputs))


def chunk(count: int) -> Chunk:
    return Chunk([SimpleNamespace(timestamp=1_000) for _ in range(count)], lambda: None)


async def run(metrics: Metrics, logic: Logic, *, acknowledged: bool = True) -> None:
    """Run one chunk of three records through a task, to its end, or as far as it gets without acknowledgements."""
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if acknowledged:
        answer.set_result(None)
    sent = asyncio.Event()

    async def send(outputs: Sequence[Output]) -> Awaitable[object]:
        assert outputs
        sent.set()
        return answer

    done = asyncio.Event()
    task = PartitionTask(
        "toy[0]",
        logic,
        NoTable(),  # type: ignore[arg-type] # as the forwarders have it
        send,
        lambda where, error: pytest.fail(f"{where}: {error}"),
        commit_linger_s=0,
        observer=StageObserver(metrics, "toy"),
    )
    task.start()
    one = chunk(3)
    one.ack = done.set
    task.deliver(one)
    await asyncio.wait_for(sent.wait() if not acknowledged else done.wait(), 20)
    if acknowledged:
        await task.finish()
    else:
        for running in (*task._crew._tasks, task._committing):
            assert running is not None
            running.cancel()


def value(metrics: Metrics, name: str, **labels: str) -> Any:
    return metrics.registry.get_sample_value(f"prahari_{name}", labels)


async def test_records_and_parts_are_counted_once() -> None:
    """A chunk of three records in two parts: three records, two computations, two acknowledgements, one commit."""
    metrics = Metrics()

    await run(metrics, Logic([DECISION, DECISION], [DECISION]))

    assert value(metrics, "records_total", stage="toy") == 3
    assert value(metrics, "outputs_total", topic="decisions") == 3
    assert value(metrics, "compute_seconds_count", stage="toy") == 2
    assert value(metrics, "acknowledge_seconds_count", stage="toy") == 2
    assert value(metrics, "commit_seconds_count", stage="toy") >= 1


async def test_only_acknowledged_outputs_count() -> None:
    """What the broker does not have was not put out, whatever was computed."""
    metrics = Metrics()

    await run(metrics, Logic([DECISION]), acknowledged=False)

    assert value(metrics, "compute_seconds_count", stage="toy") == 1
    assert value(metrics, "outputs_total", topic="decisions") is None


async def test_rejections_are_counted_by_reason() -> None:
    """The reason stands in the rejected record and becomes the label."""
    metrics = Metrics()

    await run(metrics, Logic([REJECTED, DECISION, REJECTED]))

    assert value(metrics, "rejected_total", reason="invalid_json") == 2


async def test_waiting_for_other_partitions_is_no_computing() -> None:
    """A hold counts as held time, and is not part of the next part's computation."""
    metrics = Metrics()

    await run(metrics, Logic(None, [DECISION]))

    assert value(metrics, "held_seconds_total", stage="toy") >= 0.015
    assert value(metrics, "compute_seconds_count", stage="toy") == 1
    assert value(metrics, "compute_seconds_sum", stage="toy") < value(metrics, "held_seconds_total", stage="toy")


async def test_age_is_that_of_the_oldest_record() -> None:
    """A record of 1970 is older than the largest bucket: nothing is lost, it stands in the last one."""
    metrics = Metrics()

    await run(metrics, Logic([DECISION]))

    assert value(metrics, "age_seconds_bucket", stage="toy", le="600.0") == 0
    assert value(metrics, "age_seconds_bucket", stage="toy", le="+Inf") == 1


class Keeping:
    """Keeps every chunk until `free`; `looks`: is to be asked again though it keeps none."""

    def __init__(self, free: asyncio.Event, *, looks: bool = False) -> None:
        self._free = free
        self._looks = looks
        self._kept: dict[int, Chunk] = {}

    async def parts(self, chunks: Mapping[int, Chunk]) -> AsyncIterator[Together]:
        self._kept |= chunks
        if self._free.is_set():
            yield Together(finished=list(self._kept.items()))
            self._kept = {}

    def wants(self, partition: int) -> bool:
        return partition not in self._kept

    def held(self) -> Any:
        return self._free.wait() if self._kept or (self._looks and not self._free.is_set()) else None


def kept_by(metrics: Metrics, joint: Keeping) -> PartitionTask:
    """Start a partition of which `joint` works on the chunks."""

    async def send(outputs: Sequence[Output]) -> Awaitable[object]:
        raise AssertionError(outputs)

    def fatal(where: str, error: BaseException) -> None:
        pytest.fail(f"{where}: {error}")

    task = PartitionTask(
        "toy[0]",
        Logic(),
        NoTable(),  # type: ignore[arg-type] # as the forwarders have it
        send,
        fatal,
        commit_linger_s=0,
        crew=Crew("toy", send, fatal, joint=joint, observer=StageObserver(metrics, "toy")),
    )
    task.start()
    return task


async def test_what_is_kept_for_other_partitions_counts_as_held() -> None:
    """However long that is; what comes meanwhile for the same partition stays where it waits."""
    metrics, free, done = Metrics(), asyncio.Event(), asyncio.Event()
    task = kept_by(metrics, Keeping(free))
    first, second = chunk(3), chunk(1)
    second.ack = done.set
    task.deliver(first)
    await asyncio.sleep(0.02)
    task.deliver(second)
    await asyncio.sleep(0.02)
    assert (len(task.waiting), task.idle) == (1, False)
    free.set()
    await asyncio.wait_for(done.wait(), 20)
    await task.finish()

    assert value(metrics, "held_seconds_total", stage="toy") >= 0.03


async def test_who_waits_with_nothing_kept_is_held_by_nobody() -> None:
    """A partition that lingers at its log's end is asked again when it is to leave; no payment waits for that."""
    metrics, free = Metrics(), asyncio.Event()
    task = kept_by(metrics, Keeping(free, looks=True))
    await asyncio.sleep(0.02)
    free.set()
    await task.finish()

    assert value(metrics, "held_seconds_total", stage="toy") == 0
