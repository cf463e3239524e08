"""Table directories that a crash, a disk or time has spoiled."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from features.errors import StoreError
from tables.opening import STALE_S, open_store
from tables.store import DAMAGED_FILE, PartitionStore

if TYPE_CHECKING:
    from pathlib import Path

WRITES = 40
KEYS = 50


def write_a_history(path: Path, dice: random.Random) -> list[dict[bytes, bytes | None]]:
    """Write to a directory, some of it flushed, and return what it held after each write, by offset."""
    store, held = PartitionStore(path), [dict[bytes, bytes | None]()]
    for offset in range(WRITES):
        changes: dict[bytes, bytes | None] = {b"%d" % dice.randrange(KEYS): dice.randbytes(400) for _ in range(9)}
        store.write(changes, offset)
        held.append({**held[-1], **changes})
        if dice.random() < 0.1:
            store.flush()
    store.close()
    return held


def spoil(path: Path, dice: random.Random) -> None:
    """Cut, garble or remove one to three files."""
    files = sorted(file for file in path.iterdir() if file.stat().st_size and file.name != "LOCK")
    for file in dice.sample(files, dice.randint(1, 3)):
        data = file.read_bytes()
        at = dice.randrange(len(data))
        way = dice.randrange(3)
        if way == 0:
            file.write_bytes(data[:at])
        elif way == 1:
            file.write_bytes(data[:at] + dice.randbytes(min(32, len(data) - at)) + data[at + 32 :])
        else:
            file.unlink()


@pytest.mark.parametrize("seed", range(60))
def test_a_spoiled_directory_holds_what_its_offset_says_or_begins_anew(tmp_path: Path, seed: int) -> None:
    """However files are cut, garbled or lost: never a value that is not of the offset it names."""
    dice, path = random.Random(seed), tmp_path / "payers-0"
    held = write_a_history(path, dice)
    spoil(path, dice)

    store = open_store(path)
    try:
        keys = [b"%d" % number for number in range(KEYS)]
        got = {key: value for key, value in zip(keys, store.get_many(keys), strict=True) if value is not None}
        assert got == held[store.changelog_offset + 1] == dict(store.items())
        store.close()
    except StoreError:
        store.close()
        assert (path / DAMAGED_FILE).exists()
        anew = open_store(path)
        assert anew.changelog_offset == -1
        anew.close()


def write_until_killed(path: Path) -> None:
    """Write, the value of each key being its offset, until the process is killed."""
    store, offset = PartitionStore(path), 0
    while True:
        store.write({b"%d" % (offset * 7 % KEYS): b"%d" % offset * 500, b"last": b"%d" % offset}, offset)
        offset += 1


@pytest.mark.parametrize("after_s", [0.0, 0.3, 0.6])
def test_what_a_killed_process_leaves_is_the_state_as_of_one_offset(tmp_path: Path, after_s: float) -> None:
    """Whatever was flushed by then: what is missing is read again from the changelog, behind that offset."""
    path = tmp_path / "payers-0"
    writer = multiprocessing.get_context("spawn").Process(target=write_until_killed, args=(path,))
    writer.start()
    deadline = time.monotonic() + 60
    while not (path / "CURRENT").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(after_s)
    writer.kill()
    writer.join()

    store = open_store(path)
    last = store.changelog_offset
    expected = {b"%d" % (offset * 7 % KEYS): b"%d" % offset * 500 for offset in range(last + 1)}
    expected |= {b"last": b"%d" % last} if last >= 0 else {}
    assert dict(store.items()) == expected
    store.close()


def test_what_is_written_now_and_then_is_flushed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition with few accounts never fills a buffer, and a kill would cost all that it ever wrote."""
    monkeypatch.setattr("tables.store.FLUSH_EVERY_S", 0.0)
    path = tmp_path / "payers-0"
    store = PartitionStore(path)
    store.write({b"a": b"1"}, 0)
    shutil.copytree(path, tmp_path / "killed")
    store.close()

    killed = open_store(tmp_path / "killed")
    assert (killed.get(b"a"), killed.changelog_offset) == (b"1", 0)
    killed.close()


def test_a_directory_that_another_worker_holds_is_left_alone(tmp_path: Path) -> None:
    """Two workers on one datadir: the second says so, and the first keeps what it has."""
    path = tmp_path / "payers-0"
    first = PartitionStore(path)
    first.write({b"a": b"1"}, 0)

    with pytest.raises(StoreError, match="its own APP_DATADIR"):
        open_store(path)
    assert first.get(b"a") == b"1"
    first.close()


def test_a_directory_that_was_away_for_long_begins_anew(tmp_path: Path) -> None:
    """Kafka forgets what was deleted after a day: a directory from before must not bring it back."""
    path = tmp_path / "payers-0"
    store = PartitionStore(path)
    store.write({b"erased": b"1"}, 0)
    store.close()
    long_ago = time.time() - STALE_S - 60
    for file in path.iterdir():
        if file.name != "LOG":  # which RocksDB writes to for as long as it is open
            os.utime(file, (long_ago, long_ago))

    store = open_store(path)
    assert store.get(b"erased") is None
    assert store.changelog_offset == -1
    store.close()
