"""The transport and the batch protocol under faults, on real workers, with a stage that only counts."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.processes import WorkerProcess, wait_until
from tests.topics import count_records, create_topic, read_topic, write_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker

KEYS = 500
SESSION_S = 6.0


class Toy:
    """A deployment of the counting stage with topics of its own."""

    def __init__(self, broker: EmbeddedBroker, path: Path, prefix: str) -> None:
        self.bootstrap = broker.bootstrap
        self.path = path
        self.prefix = prefix
        self.sent = 0
        self.workers: list[WorkerProcess] = []

    def worker(self, name: str) -> WorkerProcess:
        """Return a new worker, not yet started."""
        settings = {"PRAHARI_TOPIC_PREFIX": self.prefix, "TOPIC_PARTITIONS": "4"}
        self.workers.append(WorkerProcess("tests.transport.toy", self.path / name, self.bootstrap, settings))
        return self.workers[-1]

    async def send(self, count: int) -> None:
        """Append `count` records over the keys."""
        records = [(f"key-{random.randrange(KEYS)}".encode(), b"x") for _ in range(count)]
        await write_topic(self.bootstrap, f"{self.prefix}toy-in", records)
        self.sent += count

    async def decided(self) -> dict[tuple[int, int], set[bytes]]:
        """Return the different outputs by source place."""
        outputs: dict[tuple[int, int], set[bytes]] = defaultdict(set)
        for record in await read_topic(self.bootstrap, f"{self.prefix}toy-out"):
            outputs[record.partition, json.loads(record.value)["offset"]].add(record.value)
        return outputs

    async def wait_decided(self) -> None:
        """Return when every record sent has an output."""
        for _ in range(300):
            enough = await count_records(self.bootstrap, f"{self.prefix}toy-out") >= self.sent
            if enough and len(await self.decided()) >= self.sent:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"only {len(await self.decided())} of {self.sent} were decided")

    async def check(self) -> None:
        """Hold outputs and changelog against a naive count in the log's order."""
        outputs = await self.decided()
        expected: Counter[tuple[int, bytes]] = Counter()
        for record in await read_topic(self.bootstrap, f"{self.prefix}toy-in"):
            expected[record.partition, record.key] += 1
            wanted = {"key": record.key.decode(), "count": expected[record.partition, record.key]}
            got = outputs[record.partition, record.offset]
            assert [{**wanted, "offset": record.offset}] == [json.loads(value) for value in got]
        changelog = await read_topic(self.bootstrap, f"{self.prefix}prahari-counts-changelog")
        final = {(r.partition, r.key): int(r.value) for r in changelog if r.key[:1] != b"\x00"}
        assert dict(expected) == final


@pytest.fixture
async def toy(broker: EmbeddedBroker, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Toy]:
    """Give a deployment whose workers do not outlive the test."""
    deployment = Toy(broker, tmp_path, f"{request.node.name[5:40].replace('_', '-').rstrip('-')}.")
    await create_topic(broker.bootstrap, f"{deployment.prefix}toy-in", 4)
    yield deployment
    for worker in deployment.workers:
        worker.kill()


async def test_counts_every_record_once_while_workers_are_killed(toy: Toy) -> None:
    """After kill -9 at random moments, outputs and state are those of a naive count."""
    workers = [toy.worker("one").start(), toy.worker("two").start()]
    for worker in workers:
        worker.wait_ready()
    for _ in range(4):
        sending = asyncio.create_task(toy.send(5_000))
        await asyncio.sleep(random.uniform(0.05, 0.6))
        victim = random.choice(workers)
        victim.kill()
        await sending
        victim.start()
    await toy.wait_decided()
    for worker in workers:
        await asyncio.to_thread(worker.stop)

    await toy.check()


async def test_a_frozen_worker_that_wakes_up_harms_no_state(toy: Toy) -> None:
    """A worker stopped past its session ends when it wakes up, and what it held reaches no log."""
    frozen = toy.worker("frozen").start().wait_ready()
    sending = asyncio.create_task(toy.send(20_000))
    await asyncio.sleep(0.3)
    frozen.send_signal(signal.SIGSTOP)
    await sending
    successor = toy.worker("successor").start()
    await asyncio.to_thread(wait_until, lambda: "worker ready" in successor.log(), "successor ready", SESSION_S * 10)
    await toy.send(3_000)
    frozen.send_signal(signal.SIGCONT)
    await toy.wait_decided()
    await toy.send(1_000)
    await toy.wait_decided()
    for worker in toy.workers:
        await asyncio.to_thread(worker.stop)

    await toy.check()


async def test_a_wiped_datadir_is_restored_from_the_changelog(toy: Toy) -> None:
    """With its directories gone a worker goes on where the changelog is."""
    worker = toy.worker("one").start().wait_ready()
    await toy.send(5_000)
    await toy.wait_decided()
    await asyncio.to_thread(worker.stop)
    shutil.rmtree(toy.path / "one")
    worker.start().wait_ready()
    await toy.send(2_000)
    await toy.wait_decided()
    await asyncio.to_thread(worker.stop)

    await toy.check()


async def test_what_state_has_applied_is_committed_though_nothing_comes_any_more(toy: Toy) -> None:
    """A group whose committed offsets are behind its state is caught up as soon as a worker has opened."""
    worker = toy.worker("one").start().wait_ready()
    await toy.send(200)
    await toy.wait_decided()
    await asyncio.to_thread(worker.stop)
    logs = [TopicPartition(f"{toy.prefix}toy-in", number) for number in range(4)]
    group = AIOKafkaConsumer(bootstrap_servers=toy.bootstrap, group_id=f"{toy.prefix}prahari", enable_auto_commit=False)
    await group.start()
    group.assign(logs)
    await group.commit(dict.fromkeys(logs, 0))
    worker.start().wait_ready()
    committed = [await group.committed(log) for log in logs]
    await group.stop()
    await asyncio.to_thread(worker.stop)

    assert sum(place or 0 for place in committed) == 200
