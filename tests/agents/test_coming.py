"""A sparse backlog: workers go on past each other, and every account still sees its payments in the order of time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents.alignment import Aligner
from agents.bundle import Kind
from agents.coming import Coming, ReadAhead, conflicts_ms, sparse
from agents.merging import Kept
from agents.others import ALIGNMENT_MS
from agents.payer import PayerLogic
from agents.payer_stage import PayerStage
from agents.places import homes_in
from agents.ports import KIND_HEADER, KIND_WARM_UP, Chunk, Hold, one_by_one
from agents.reading import Records
from features.hashing import party_hash
from tests.agents.stages import T0_MS, DictTable, Record, payment
from tests.agents.test_together import items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.ports import Together

WORKERS = 2
LANES = 2
SEEDS = 60
HOMES = homes_in(2)


def coming(*records: tuple[int, int, int]) -> Coming:
    """Return records (time, payer, payee)."""
    columns = np.array(records, np.int64).reshape(-1, 3)
    return Coming(int(columns[-1, 0]), columns[:, 0], columns[:, 1:])


@dataclass
class Worker:
    """The payer partitions of one worker: what waits to be read, and what is sent and not yet acknowledged."""

    aligner: Aligner
    stage: PayerStage
    waiting: dict[int, list[Chunk]] = field(default_factory=dict)
    sent: list[Together] = field(default_factory=list)
    heard: int = 0


class World:
    """Four partitions, two workers, and the order in which records reach the log of the payee stage."""

    def __init__(self, seed: int, span_s: int = 20_000) -> None:
        self.draw = random.Random(seed)
        self.told: list[tuple[Worker, dict[int, int], set[int], dict[int, Coming]]] = []
        self.accounts: dict[tuple[int, int], tuple[int, str, str]] = {}
        self.appended: list[tuple[int, int]] = []
        self.tables = [DictTable() for _ in range(WORKERS * LANES)]
        self.logs = [self._log(partition, span_s) for partition in range(WORKERS * LANES)]
        self.workers = [self._worker(range(first, first + LANES)) for first in range(0, WORKERS * LANES, LANES)]

    def _log(self, partition: int, span_s: int) -> list[Record]:
        draw, records = self.draw, []
        times_s = sorted(draw.randrange(span_s) for _ in range(draw.choice([0, 5, 40])))
        for offset, time_s in enumerate(times_s):
            payer, payee = f"p{partition}{draw.randrange(5)}@b", f"shop{draw.randrange(draw.choice([2, 30]))}@ybl"
            if draw.random() < 0.2:
                payee = f"p{draw.randrange(WORKERS * LANES)}{draw.randrange(5)}@b"
            if payee == payer:
                payee = "shop@ybl"
            event_ms = T0_MS + time_s * 1_000
            self.accounts[partition, offset] = (event_ms, payer, payee)
            fields = {"transaction_id": f"{partition}-{offset}", "payer_vpa": payer, "payee_vpa": payee}
            records.append(Record(offset, payment(offset, event_time=event_ms, **fields), timestamp=event_ms))
        return records

    def _worker(self, partitions: range) -> Worker:
        aligner = Aligner(lambda: 0.0)
        worker = Worker(aligner, PayerStage(aligner, HOMES))
        for partition in partitions:
            logic = PayerLogic(partition, self.tables[partition], aligner, HOMES)
            worker.stage.lanes[partition] = logic
            aligner.begin(partition)
            worker.waiting[partition] = self._chunks(self.logs[partition])
            if not self.logs[partition]:
                logic.caught_up()
        aligner.expect(set(range(WORKERS * LANES)) - set(partitions))
        return worker

    def _chunks(self, log: list[Record]) -> list[Chunk]:
        chunks, begin = [], 0
        while begin < len(log):
            end = min(len(log), begin + self.draw.choice([1, 4, 15]))
            chunks.append(Chunk(log[begin:end], lambda: None, len(log) - end))
            begin = end
        return chunks

    async def work(self, worker: Worker) -> None:
        """Read what may be read and put out what may go on."""
        chunks = {
            partition: waiting.pop(0)
            for partition, waiting in worker.waiting.items()
            if waiting and worker.stage.wants(partition)
        }
        async for some in worker.stage.parts(chunks):
            assert not isinstance(some, Hold)
            for partition, part in some.parts.items():
                self.tables[partition].keep(part)
            worker.sent.append(some)
            put_out = [
                (one.source, one.offset)
                for found in items(list(one_by_one(some.outputs))).values()
                for one in found
                if one.kind == Kind.PAYMENT
            ]
            self.appended += sorted(put_out, key=self.accounts.__getitem__)

    def acknowledge(self, worker: Worker) -> None:
        """Let the oldest outputs on their way be acknowledged."""
        if worker.sent:
            for part in worker.sent.pop(0).parts.values():
                part.on_durable()

    def tell(self, worker: Worker) -> None:
        """Say heads and what comes."""
        ours = worker.aligner
        news = {partition: Coming.decode(ours.coming(partition).encode()) for partition in ours.announced_ms}
        self.told.append((worker, dict(ours.durable_heads), ours.caught_up, news))

    def hear(self, worker: Worker) -> None:
        """Hear one thing that another worker said."""
        if worker.heard < len(self.told):
            teller, heads, caught_up, news = self.told[worker.heard]
            worker.heard += 1
            if teller is not worker:
                worker.aligner.hear(heads, caught_up, news)

    async def drain(self, steps_max: int = 20_000) -> int:
        """Let everything happen in any order until all is put out; return how often workers worked meanwhile."""
        worked = 0
        for _ in range(steps_max):
            worker = self.draw.choice(self.workers)
            what = self.draw.choice(["work", "acknowledge", "tell", "hear", "hear"])
            if what == "work":
                await self.work(worker)
                worked += 1
            else:
                getattr(self, what)(worker)
            if len(self.appended) == len(self.accounts):
                break
        return worked

    def out_of_order(self) -> Mapping[str, list[int]]:
        """Return by account the times that came more than the alignment allows after a later one."""
        newest_ms: dict[str, int] = {}
        found: dict[str, list[int]] = {}
        for source in self.appended:
            time_ms, *both = self.accounts[source]
            for account in both:
                if time_ms < newest_ms.get(account, 0) - ALIGNMENT_MS:
                    found.setdefault(account, []).append(time_ms)
                newest_ms[account] = max(time_ms, newest_ms.get(account, 0))
        return found


@pytest.mark.parametrize("first", range(0, SEEDS, 20))
async def test_accounts_see_their_payments_in_order_and_everything_goes_on(first: int) -> None:
    """However late words and acknowledgements come, and however records are cut into chunks."""
    for seed in range(first, first + 20):
        world = World(seed)
        await world.drain()

        assert len(world.appended) == len(world.accounts), seed
        assert world.out_of_order() == {}, seed


async def test_what_is_sent_and_not_yet_acknowledged_still_comes() -> None:
    """A worker that reads on says also what it put out before and is not durable."""
    aligner = Aligner(lambda: 0.0)
    aligner.begin(0, 0)
    aligner.announce(0, 9_000, coming((5_000, 1, 2), (9_000, 3, 4)))
    aligner.announce(0, 90_000, coming((50_000, 5, 6), (90_000, 7, 8)))
    assert aligner.coming(0).times_ms.tolist() == [5_000, 9_000, 50_000, 90_000]

    aligner.settle(0, 50_000)

    assert aligner.announced_ms == {0: 90_000}
    assert aligner.coming(0).times_ms.tolist() == [50_000, 90_000]


def test_a_partition_of_which_something_is_too_dense_to_tell_says_nothing() -> None:
    """Others would take what they know for all there is."""
    read = ReadAhead()
    read.add(1_000, None)
    read.add(90_000, coming((50_000, 5, 6), (90_000, 7, 8)))
    assert not read.told

    read.drop_before(1_001)

    assert read.told


def test_a_worker_that_takes_a_partition_over_is_not_taken_at_its_predecessors_word() -> None:
    """What the former owner said holds no longer than its partition."""
    aligner = Aligner(lambda: 0.0)
    aligner.hear({1: 5_000}, coming={1: coming((10_000, 1, 2), (60_000, 3, 4))})
    ours = {0: lambda: coming((20_000, 5, 6), (90_000, 5, 4))}
    assert aligner.reaches_ms(ours) == {0: 60_000}

    aligner.expect([1])

    assert aligner.reaches_ms(ours) == {0: 5_000 + ALIGNMENT_MS}


def test_one_of_others_who_tells_nothing_holds_as_before() -> None:
    """A second past its head, whatever another told."""
    aligner = Aligner(lambda: 0.0)
    aligner.hear({1: 5_000, 2: 7_000}, coming={1: coming((10_000, 1, 2), (60_000, 3, 4))})

    assert aligner.reaches_ms({0: lambda: coming((20_000, 5, 6))}) == {0: 7_000 + ALIGNMENT_MS}


async def test_a_worker_that_caught_up_goes_on_live_while_another_tells_what_comes() -> None:
    """None of its partitions waits for anybody."""
    table, aligner = DictTable(), Aligner(lambda: 0.0)
    stage = PayerStage(aligner, HOMES)
    stage.lanes[0] = PayerLogic(0, table, aligner, HOMES)
    aligner.hear({1: 5_000}, coming={1: coming((10_000, 1, 2), (60_000, 3, 4))})

    parts = [some async for some in stage.parts({0: Chunk([Record(0, payment(0))], lambda: None)})]

    assert sum(len(some.parts) for some in parts if not isinstance(some, Hold)) == 1


def test_records_of_one_moment_wait_together() -> None:
    """What goes no further than a time stops before all of that time, so others wait for all of it."""
    first = coming((30, 5, 6), (30, 1, 7))
    second = coming((35, 8, 5))

    assert conflicts_ms({0: first, 1: second}, coming((10, 9, 7)), 0) == {0: 30, 1: 35}


def test_warm_up_payments_and_garbage_keep_nobody_waiting() -> None:
    """Neither is decided."""
    warm_up = Record(0, payment(0), headers=((KIND_HEADER, KIND_WARM_UP),))
    records = [warm_up, Record(1, b"{"), Record(2, payment(2, payer_vpa="a@b", payee_vpa="c@d"))]
    kept = Kept.of(Records(records, HOMES), 0, 3, Chunk(records, lambda: None))

    assert Coming.of(kept).accounts.tolist() == [[party_hash("a@b"), party_hash("c@d")]]


def test_dense_records_are_not_told() -> None:
    """Where a second holds many, steps of a second are large enough."""
    assert sparse(1_000, 600_000)
    assert not sparse(1_000, 60_000)
