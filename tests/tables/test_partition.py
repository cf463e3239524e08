"""What is loaded is the newest that was prepared, however small the cache and however far its way to RocksDB."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tables.partition import NO_STATE, TablePartition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS = [b"a", b"b", b"c", b"d"]
PREPARE = st.dictionaries(st.sampled_from(KEYS), st.sampled_from([b"1", b"2", NO_STATE]), min_size=1)


class Stored:
    """A store in memory that is written when its turn comes, as RocksDB is, in a thread."""

    applied = None

    def __init__(self) -> None:
        self.values: dict[bytes, bytes | None] = {}

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self.values.get(key) for key in keys]

    def write(self, changes: Mapping[bytes, bytes | None], changelog_offset: int) -> None:  # noqa: ARG002
        self.values.update(changes)

    def close(self) -> None:
        pass


class Log:
    """A changelog that waits until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int:  # noqa: ARG002
        await self.go.wait()
        return 0


@settings(max_examples=150, deadline=None)
@given(
    cache_bytes=st.integers(1, 1_500),
    steps=st.lists(st.one_of(PREPARE, st.sampled_from(["stage", "begin commit", "end commit"])), max_size=24),
)
async def test_a_load_gives_what_was_prepared_last(cache_bytes: int, steps: list[dict[bytes, bytes] | str]) -> None:
    """Deletions too; through every order of preparing, staging and committing."""
    log = Log()
    table = TablePartition(Stored(), log, cache_bytes=cache_bytes)  # type: ignore[arg-type]
    newest: dict[bytes, bytes] = {}
    prepared, commit = 0, None
    for step in steps:
        if isinstance(step, dict):
            table.load(step)
            table.prepare(step, b"applied")
            newest.update(step)
            prepared += 1
        elif step == "stage" and prepared:
            table.stage()
            prepared -= 1
        elif step == "begin commit" and commit is None:
            log.go.clear()
            commit = asyncio.create_task(table.commit())
            await asyncio.sleep(0)
        elif step == "end commit" and commit is not None:
            log.go.set()
            await commit
            commit = None
        assert table.load(KEYS) == {key: newest.get(key, NO_STATE) for key in KEYS}
    log.go.set()
    if commit is not None:
        await commit
