"""Sweeps: what they give back, that they go through the changelog, and that no answer tells whether one ran."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agents.alignment import Aligner
from agents.payer import PayerLogic
from agents.places import homes_in
from agents.ports import Chunk, Hold, Outgoing, one_by_one
from agents.sweep import SLICE_ACCOUNTS, Sweeping, sweep_chunk
from features.clock import DAY_MS, HOUR_MS
from features.payer import PAYERS
from tables.partition import TablePartition
from tables.store import PartitionStore
from tests.agents.stages import T0_MS, Record, payment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Changelog:
    """A compacted changelog: the newest value per key, and nothing for what was deleted."""

    def __init__(self) -> None:
        self.newest: dict[bytes, bytes] = {}
        self.tombstones = 0
        self.offset = -1

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int:
        """Take a transaction."""
        for key, value in changes.items():
            if value is None:
                self.newest.pop(key, None)
                self.tombstones += 1
            else:
                self.newest[key] = value
        self.offset += 1
        return self.offset


class Stage:
    """A payer stage over RocksDB, with a sweep."""

    def __init__(self, path: Path) -> None:
        self.changelog = Changelog()
        self.table = TablePartition(PartitionStore(path / "payers-0"), self.changelog, cache_bytes=20_000)
        logic = PayerLogic(0, self.table, Aligner(lambda: 0.0), homes_in(1))
        self.sweeping = Sweeping(logic, self.table, PAYERS)
        self.outputs: list[Outgoing] = []
        self.offset = 0

    async def give(self, chunk: Chunk, *, commit: bool = True) -> None:
        """Give a chunk to the stage and make what came of it durable, or leave that on its way."""
        async for part in self.sweeping.parts(chunk):
            assert not isinstance(part, Hold)
            self.table.prepare(part.states, part.applied)
            self.table.stage()
            part.on_durable()
            self.outputs += one_by_one(part.outputs)
        if commit:
            await self.table.commit()

    async def pay(self, time_ms: int, payer: str, *, commit: bool = True) -> None:
        """Let somebody pay."""
        value = payment(self.offset, event_time=time_ms, payer_vpa=f"{payer}@x")
        record = Record(self.offset, value, timestamp=max(time_ms, T0_MS) + HOUR_MS)
        self.offset += 1
        await self.give(Chunk([record], lambda: None), commit=commit)

    async def sweep(self) -> None:
        """Sweep as long as the stage wants to."""
        while self.sweeping.wants:
            await self.give(sweep_chunk())

    def size(self) -> int:
        """Return the bytes of all states, which are the same in the store and in the changelog."""
        stored = dict(self.table.store.items())
        assert stored == {key: value for key, value in self.changelog.newest.items() if not key.startswith(b"\x00")}
        return sum(map(len, stored.values()))


@pytest.mark.parametrize("seed", range(6))
async def test_no_answer_tells_whether_a_sweep_ran(tmp_path: Path, seed: int) -> None:
    """Payments in time, late by weeks, after years of silence: swept at any moment or never, bundles are equal."""
    dice = random.Random(seed)
    swept, unswept = Stage(tmp_path / "swept"), Stage(tmp_path / "unswept")
    now_ms = T0_MS
    for _ in range(250):
        now_ms += int(dice.choice((0.01, 1, 20, 47, 420)) * dice.random() * DAY_MS)
        late_ms = int(dice.choice((0, 0, 0, 1, 20, 60, 500)) * dice.random() * DAY_MS)
        payer, commit = f"p{dice.randrange(8)}", dice.random() < 0.7
        for stage in (swept, unswept):
            await stage.pay(now_ms - late_ms, payer, commit=commit)
        if dice.random() < 0.4:
            swept.sweeping._round_ms = None
            await swept.sweep()

    assert swept.outputs == unswept.outputs
    assert swept.changelog.tombstones > 0


async def test_a_payment_of_weeks_ago_is_decided_once_however_often_it_comes(tmp_path: Path) -> None:
    """Its account is silent by then, and a sweep may come between: the repeat is known all the same."""
    stage = Stage(tmp_path)
    await stage.pay(T0_MS + 60 * DAY_MS, "busy")
    late = Record(stage.offset, payment(7, payer_vpa="late@x", event_time=T0_MS), timestamp=T0_MS + 60 * DAY_MS)
    await stage.give(Chunk([late], lambda: None))
    await stage.sweep()
    decided = len(stage.outputs)
    await stage.give(Chunk([replace(late, offset=late.offset + 1)], lambda: None))

    assert len(stage.outputs) == decided == 2


async def test_a_quarter_of_strangers_leaves_no_more_than_the_busy_and_stubs(tmp_path: Path) -> None:
    """With new accounts every day for 90 days, full states are those of the newest 46 days; each other is a stub."""
    stage = Stage(tmp_path)
    sizes = []
    for day in range(90):
        for number in range(40):
            for hour in range(6):
                await stage.pay(T0_MS + day * DAY_MS + hour * HOUR_MS, f"day{day}-{number}", commit=False)
        await stage.table.commit()
        await stage.sweep()
        sizes.append(stage.size())

    full_day, stub_day = sizes[44] - sizes[43], sizes[89] - sizes[88]
    assert sizes[89] == pytest.approx(46 * full_day + 44 * stub_day, rel=0.05)
    assert stub_day < full_day / 2


async def test_after_400_days_nothing_is_left(tmp_path: Path) -> None:
    """Accounts that were silent for over a year go with a tombstone; who pays again is new."""
    stage = Stage(tmp_path)
    for number in range(SLICE_ACCOUNTS + 20):
        await stage.pay(T0_MS, f"p{number}", commit=False)
    await stage.table.commit()
    await stage.pay(T0_MS + 416 * DAY_MS, "awake")
    await stage.sweep()

    assert [key for key, _ in stage.table.store.items()] == [b"awake@x"]
    assert stage.changelog.tombstones == SLICE_ACCOUNTS + 20
    stage.size()


async def test_a_deletion_on_its_way_is_not_undone_by_an_older_value(tmp_path: Path) -> None:
    """Between sweep and commit the account reads as gone, whatever RocksDB still holds."""
    stage = Stage(tmp_path)
    await stage.pay(T0_MS, "gone")
    await stage.pay(T0_MS + 416 * DAY_MS, "awake")
    stage.table.drop_cached()
    async for part in stage.sweeping.parts(sweep_chunk()):
        assert not isinstance(part, Hold)
        stage.table.prepare(part.states, part.applied)
    stage.table.drop_cached()

    assert stage.table.load([b"gone@x"]) == {b"gone@x": b""}
    stage.table.stage()
    assert stage.table.load([b"gone@x"]) == {b"gone@x": b""}
    assert stage.table.peek(b"gone@x") is None
    await stage.table.commit()
    assert stage.table.store.get(b"gone@x") is None


async def test_a_round_begins_once_a_day_of_event_time(tmp_path: Path) -> None:
    """A table that was looked at is left alone until a day has passed in its payments."""
    stage = Stage(tmp_path)
    assert not stage.sweeping.wants
    await stage.pay(T0_MS, "a")
    assert stage.sweeping.wants
    await stage.sweep()
    await stage.pay(T0_MS + DAY_MS - 1, "a")
    assert not stage.sweeping.wants
    await stage.pay(T0_MS + DAY_MS, "a")
    assert stage.sweeping.wants
