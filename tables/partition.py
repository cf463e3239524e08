"""What a stage holds of its table: states, which are bytes, in a bounded cache, over RocksDB, over the changelog.

```
       load                 prepare                stage             commit
keys ───────► states, fold ────────► new states ──────► waiting ────────► changelog transaction ──► RocksDB batch
                                     outputs on their way   outputs there
```

`prepare` takes the states as of the end of a part, before its outputs are sent; `stage` hands them on when the outputs
are acknowledged, in the same order; `commit` writes everything staged so far, newest value per key, with the applied
record of the last of those parts: state in the log is always the state as of one known place of the input, never a
mixture with newer values from the cache. A value on its way is read from there until RocksDB has it, so what is read
is never stale.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol, cast

from tables.store import APPLIED_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tables.store import PartitionStore

#: What an account takes in the cache beside its state: its key, and its place in a dictionary.
_ENTRY_BYTES = 180
#: A generation so full ages when it is counted, lest it is counted again soon.
_FULL = 0.75

#: The state of an account never seen.
NO_STATE = b""


class Changelog(Protocol):
    """Where committed changes go; `tables.changelog.ChangelogWriter` in a worker, a list in a test."""

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int: ...


class TablePartition:
    """One partition of a table, owned by one stage's task.

    The cache is two generations: what is used goes to the young one, and when that takes half of `cache_bytes`, it
    becomes the old one, whose entries go unless they were used since. `applied` is what the stage had applied, as it
    encoded it, or None.
    """

    def __init__(self, store: PartitionStore, changelog: Changelog, *, cache_bytes: int) -> None:
        self.store = store
        self._changelog = changelog
        self._young_bytes_max = cache_bytes // 2
        self._young_bytes = 0
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}
        self._prepared: deque[tuple[dict[bytes, bytes | None], int]] = deque()
        self._waiting: dict[bytes, bytes | None] = {}
        self._committing: dict[bytes, bytes | None] = {}
        self.waiting_bytes = 0
        self._staged_bytes = 0
        self.applied = store.applied or None

    def load(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the states of `keys` in their order, `NO_STATE` for accounts never seen."""
        cached = self._young.get
        states = {key: cached(key) for key in keys}
        missing = [key for key, state in states.items() if state is None]
        if missing:
            cached = self._old.get
            states.update({key: cached(key) for key in missing})
            missing = [key for key in missing if states[key] is None]
            if missing:
                states.update(self._read(missing))
        return cast("dict[bytes, bytes]", states)

    def _read(self, keys: list[bytes]) -> dict[bytes, bytes]:
        """Return states that are not in the cache: on their way, newest first, or in RocksDB."""
        found: dict[bytes, bytes] = {}
        for values in (*(values for values, _ in reversed(self._prepared)), self._waiting, self._committing):
            if values and keys:
                found.update({key: values[key] or NO_STATE for key in keys if key in values})
                keys = [key for key in keys if key not in found]
        if keys:
            stored = {key: value or NO_STATE for key, value in zip(keys, self.store.get_many(keys), strict=True)}
            found.update(stored)
            # Who has no state is asked for again too: each payment asks whether its payer was ever paid.
            self._keep({key: state for key, state in stored.items() if not state}, 0)
        return found

    def prepare(self, states: Mapping[bytes, bytes], applied: bytes) -> None:
        """Take the states as of the end of a part, with what the stage has applied by then."""
        size = sum(map(len, states.values()))
        self._keep(states, size)
        values: dict[bytes, bytes | None] = {APPLIED_KEY: applied, **states}
        if NO_STATE in states.values():
            values.update({key: None for key, state in states.items() if not state})
        self.waiting_bytes += size
        self._prepared.append((values, size))

    def _keep(self, states: Mapping[bytes, bytes], size: int) -> None:
        """Take states of `size` bytes into the young generation, which ages when it is full."""
        young = self._young
        young.update(states)
        self._young_bytes += size + _ENTRY_BYTES * len(states)
        if self._young_bytes > self._young_bytes_max:  # or less: what came again was counted again
            self._young_bytes = sum(map(len, young.values())) + _ENTRY_BYTES * len(young)
            if self._young_bytes > _FULL * self._young_bytes_max:
                self._old, self._young, self._young_bytes = young, {}, 0

    def stage(self) -> None:
        """Take the oldest part that was prepared for the next commit: its outputs are durable."""
        values, size = self._prepared.popleft()
        self._waiting.update(values)
        self._staged_bytes += size
        self.applied = values[APPLIED_KEY]

    async def commit(self, sealed: Callable[[bytes | None], bytes] | None = None, *, alone: bool = False) -> None:
        """Make everything staged so far durable: first the changelog, then RocksDB. One at a time, in order.

        `sealed` says what to commit for what is applied, and `alone` whether to do so where nothing else is staged.
        Errors are the changelog's and the store's; after one the partition must not be used again.
        """
        if not self._waiting and not alone:
            return
        if sealed is not None:
            self._waiting[APPLIED_KEY] = sealed(self.applied)
        self._committing, self._waiting = self._waiting, {}
        self.waiting_bytes -= self._staged_bytes
        self._staged_bytes = 0
        offset = await self._changelog.write(self._committing)
        await asyncio.to_thread(self.store.write, self._committing, offset)
        self._committing = {}

    async def commit_applied(self, applied: bytes) -> None:
        """Commit what is applied, without any state, behind all that was prepared."""
        self.prepare({}, applied)
        self.stage()
        await self.commit()

    async def claim(self) -> None:
        """Commit one non-empty transaction before the first output: it fails where another worker took over."""
        await self.commit(lambda applied: applied or b"", alone=True)

    def peek(self, key: bytes) -> bytes | None:
        """Return an account's newest state for a view, or None."""
        return self.load([key])[key] or None

    def drop_cached(self) -> None:
        """Forget what RocksDB has too."""
        self._young, self._old, self._young_bytes = {}, {}, 0

    def close(self) -> None:
        """Drop the cache and release RocksDB."""
        self._young, self._old = {}, {}
        self.store.close()
