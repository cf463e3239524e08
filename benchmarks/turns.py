"""What one turn of the stages costs, however few payments it has: `python -m benchmarks.turns`.

Payer stage, payee stage with rules and model, and budget, over four partitions and tables in RocksDB, in one thread,
without Kafka. Before each stage's part what a processor had in its caches is pushed out, as in a worker.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from agents.alignment import Aligner
from agents.budget import BudgetLogic
from agents.controlled import Controlled
from agents.deciding import Decider
from agents.payee import PayeeLogic, PayeeStage
from agents.payer import PayerLogic
from agents.payer_stage import PayerStage
from agents.places import homes_in
from agents.ports import Chunk, Hold, Outgoing, Part, Together, one_by_one
from app.compiling import compile_all
from app.transport.own_appends import Appended
from benchmarks.load import Plan, World
from benchmarks.model import ensure_model
from models.artifact import load
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from tables.partition import TablePartition
from tables.store import PartitionStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

_PARTITIONS = 4
_COLD_BYTES = 48 * 1024 * 1024
_CACHE_BYTES = 2_000_000
_WARM_PAYMENTS, _WARM_TURN = 20_000, 1_000
_COMMIT_EVERY = 50


class _Unwritten:
    """A changelog that nobody reads."""

    def __init__(self) -> None:
        self._offset = 0

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int:  # noqa: ARG002
        self._offset += 1
        return self._offset


class Stages:
    """The three stages of a worker that has every partition."""

    def __init__(self, directory: Path, scorer: Scorer, *, cold: bool) -> None:
        self.used_s: dict[str, list[float]] = defaultdict(list)
        self._cold, self._junk = cold, np.zeros(_COLD_BYTES // 8)
        self._tables: dict[str, list[TablePartition]] = {
            name: [_table(directory / f"{name}-{partition}") for partition in range(count)]
            for name, count in (("payer", _PARTITIONS), ("payee", _PARTITIONS), ("budget", 1))
        }
        self._next: dict[tuple[str, int], int] = defaultdict(int)
        aligner, homes = Aligner(lambda: 0.0), homes_in(_PARTITIONS)
        self._payers, self._payees = PayerStage(aligner, homes), PayeeStage(Decider())
        for partition in range(_PARTITIONS):
            payers, payees = self._tables["payer"][partition], self._tables["payee"][partition]
            self._payers.lanes[partition] = PayerLogic(partition, payers, aligner, homes)
            self._payees.lanes[partition] = PayeeLogic(partition, payees, Controlled.fixed(scorer))
        self._budget = BudgetLogic(
            self._tables["budget"][0],
            5_000,
            lambda rows, candidates, versions: [[] for _ in rows],  # noqa: ARG005 - reasons are no part of a turn
            clock=lambda: 0.0,
            report_later=lambda seconds: None,  # noqa: ARG005
        )

    async def turn(self, payments: Iterable[tuple[bytes, int, bytes, int]]) -> None:
        """Bring payments (key, hash, value, stamp) through all stages."""
        chunks = self._chunks(
            "transactions", ((number % _PARTITIONS, stamp, key, value) for key, number, value, stamp in payments)
        )
        bundles = await self._stage("payer", self._payers.parts(chunks))
        chunks = self._chunks("bundles", ((one.partition, 0, None, one.value) for one in bundles))
        decided = await self._stage("payee", self._payees.parts(chunks))
        runs = self._chunks("runs", ((0, 0, None, one.value) for one in decided if one.topic == "candidates"))
        await self._stage("budget", self._budget.parts(runs[0]))

    def _chunks(self, log: str, records: Iterable[tuple[int, int, bytes | None, bytes]]) -> dict[int, Chunk]:
        found: dict[int, list[Appended]] = defaultdict(list)
        for partition, stamp_ms, key, value in records:
            found[partition].append(Appended(self._next[log, partition], stamp_ms, key, value))
            self._next[log, partition] += 1
        return {partition: Chunk(some, lambda: None) for partition, some in sorted(found.items())}

    async def _stage(self, name: str, parts: AsyncIterator[Together | Part | Hold]) -> Sequence[Outgoing]:
        outputs: list[Any] = []
        if self._cold:
            self._junk += 1
        began_s = time.thread_time()
        async for some in parts:
            assert not isinstance(some, Hold)  # noqa: S101 - only control records and backlogs wait
            outputs += some.outputs
            for partition, part in (some.parts if isinstance(some, Together) else {0: some}).items():
                table = self._tables[name][partition]
                table.prepare(part.states, part.applied)
                table.stage()
                part.on_durable()
        self.used_s[name].append(time.thread_time() - began_s)
        return [one for one in one_by_one(outputs) if one.topic in {"transactions-by-payee", "candidates"}]

    async def commit(self) -> None:
        """Commit everything."""
        for tables in self._tables.values():
            for table in tables:
                await table.commit()


def _table(path: Path) -> TablePartition:
    return TablePartition(PartitionStore(path), _Unwritten(), cache_bytes=_CACHE_BYTES)


async def _run(stages: Stages, payments: int, turns: int) -> None:
    rows: list[tuple[bytes, int, bytes, int]] = []
    for some in World(Plan(_WARM_PAYMENTS + turns * payments, 1_700_000_000_000)).payments():
        rows += zip(some.keys, some.hashes, some.values, some.stamps_ms, strict=True)
    for begin in range(0, _WARM_PAYMENTS, _WARM_TURN):
        await stages.turn(rows[begin : begin + _WARM_TURN])
    await stages.commit()
    stages.used_s.clear()
    gc.collect()
    gc.freeze()
    for number in range(turns):
        begin = _WARM_PAYMENTS + number * payments
        await stages.turn(rows[begin : begin + payments])
        if number % _COMMIT_EVERY == _COMMIT_EVERY - 1:
            await stages.commit()


def main(
    payments: Annotated[int, typer.Option(help="Payments a turn.")] = 8,
    turns: Annotated[int, typer.Option(help="How many turns.")] = 1_000,
    hot: Annotated[bool, typer.Option("--hot", help="Leave the processor's caches alone.")] = False,
) -> None:
    """Tell what a turn costs in each stage, in microseconds of processor time."""
    scorer = Scorer(load_rules(DEFAULT_RULES), load(ensure_model()))
    compile_all()
    table = Table("stage", "median us", "mean us")
    with tempfile.TemporaryDirectory() as directory:
        stages = Stages(Path(directory), scorer, cold=not hot)
        asyncio.run(_run(stages, payments, turns))
    for name, used_s in stages.used_s.items():
        table.add_row(name, f"{np.median(used_s) * 1e6:,.0f}", f"{np.mean(used_s) * 1e6:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
