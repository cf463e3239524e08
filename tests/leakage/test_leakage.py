"""Nothing at or after T reaches a feature at T: not in the stream, not in replay, not in training; and leaks are seen.

A payment is probed by changing the world at and after its time T in one of sixteen ways: its own features, and those
of every payment before T, must stay the same to the last bit. Then leaks are planted one by one, and each must be
caught by the very same check.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from features.clock import DAY_MS
from tests.features.worlds import START
from tests.leakage.plants import KERNEL_PLANTS, TRAINING_PLANTS, until_is_forgotten
from tests.leakage.ways import differences, through_replay, through_stages, through_training
from tests.leakage.worlds import CHANGES, LABEL_CHANGES, PAYMENT_CHANGES, change, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.leakage.plants import Plant
    from tests.leakage.ways import Rows, Way
    from tests.leakage.worlds import Arrival

PROBES = 6
WAYS: dict[str, Way] = {"stages": through_stages, "replay": through_replay, "training": through_training}


def probes(world: list[Arrival], seed: int) -> list[int]:
    """Pick payments that stand alone at their instant, half of them late ones."""
    times = [one.time_ms for one in world]
    alone = [at for at in range(20, len(world)) if times.count(times[at]) == 1]
    late = [at for at in alone if world[at].arrived_ms > world[at].time_ms]
    dice = random.Random(seed)
    return [*dice.sample(late, PROBES // 2), *dice.sample(alone, PROBES - PROBES // 2)]


def leaks(way: str, world: list[Arrival], how: str, folder: Path, seed: int = 0) -> dict[str, list[int]]:
    """Return what differs, of payments before T and of the payment at T, over all probes."""
    before = WAYS[way](world, folder)
    found: dict[str, list[int]] = {}
    for probe in probes(world, seed):
        after = WAYS[way](change(world, probe, how), folder)
        found |= differences(before, after, _seen(way, before, world, probe))
    return found


def _seen(way: str, rows: Rows, world: list[Arrival], probe: int) -> set[str]:
    """Name the rows that may not change: all before T, and the probe's."""
    time_ms = world[probe].time_ms
    if way == "training":
        earlier = {key for key in rows if int(key.partition("/")[0]) < time_ms}
        return {*earlier, f"{time_ms}/last"}
    return {one.txn.transaction_id for one in world if one.time_ms < time_ms} | {world[probe].txn.transaction_id}


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("way", WAYS)
def test_what_lies_at_or_after_t_is_not_seen_at_t(way: str, how: str, tmp_path: Path) -> None:
    """In either of two worlds, by any of the ways, whatever is changed."""
    for seed in (1, 2):
        assert leaks(way, make_world(seed), how, tmp_path, seed) == {}


def test_the_world_is_one_in_which_leaks_could_be_seen(tmp_path: Path) -> None:
    """What lies before T is seen: the same changes made to the past move many features."""
    world = make_world(1)
    moved = set()
    for how in (*PAYMENT_CHANGES, *LABEL_CHANGES):
        past = [
            new
            for one in world[:80]
            for new in (PAYMENT_CHANGES[how](one, 0) if how in PAYMENT_CHANGES else [LABEL_CHANGES[how](one, 0)])
        ]
        rows, others = through_replay(world, tmp_path), through_replay([*past, *world[80:]], tmp_path)
        later = {one.txn.transaction_id for one in world[80:]}
        moved |= {at for columns in differences(rows, others, later).values() for at in columns}

    assert len(moved - {-1}) > 90


@pytest.mark.parametrize("until_days", [4, 9])
def test_training_until_a_time_knows_nothing_later(until_days: int, tmp_path: Path) -> None:
    """The dataset up to a time, labels included, is that of a file that ends then, whatever the file goes on to say."""
    world, until_ms = make_world(4), START + until_days * DAY_MS
    rows = through_training(world, tmp_path, until_ms)
    for spoiled in _afterwards(world, until_ms):
        others = through_training(spoiled, tmp_path, until_ms)
        assert differences(rows, others, {*rows, *others}) == {}
    assert len(rows) > 20


def _afterwards(world: list[Arrival], until_ms: int) -> list[list[Arrival]]:
    """Return the world with all payments from a time on, and all labels after it, changed in each way."""
    others = []
    for how in CHANGES[:-1]:
        changed: list[Arrival] = []
        for one in world:
            if how in PAYMENT_CHANGES:
                changed += [one] if one.time_ms < until_ms else PAYMENT_CHANGES[how](one, until_ms)
            else:
                known = one.label_ms is not None and one.label_ms <= until_ms
                changed.append(one if known else LABEL_CHANGES[how](one, until_ms + 1))
        others.append(changed)
    return others


def caught(way: str, plant: Plant, patch: pytest.MonkeyPatch, folder: Path) -> str | None:
    """Return the first change by which a planted leak is seen."""
    plant(patch)
    world = make_world(1, payments=80)
    return next((how for how in CHANGES if leaks(way, world, how, folder)), None)


@pytest.mark.parametrize("way", ["stages", "replay"])
@pytest.mark.parametrize("name", KERNEL_PLANTS)
def test_a_leak_in_the_kernels_is_caught(name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the check that the shipped code passes."""
    assert caught(way, KERNEL_PLANTS[name], monkeypatch, tmp_path)


@pytest.mark.parametrize("name", TRAINING_PLANTS)
def test_a_leak_in_training_is_caught(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the check that the shipped code passes."""
    assert caught("training", TRAINING_PLANTS[name], monkeypatch, tmp_path)


def test_training_that_forgets_until_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of `--until` fails where verdicts of later are folded."""
    until_is_forgotten(monkeypatch)
    with pytest.raises(AssertionError):
        test_training_until_a_time_knows_nothing_later(9, tmp_path)
