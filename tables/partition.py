"""What a stage holds of its table: states, which are bytes, in a bounded cache, over RocksDB, over the changelog.

```
       load                 prepare                stage             commit
keys ───────► states, fold ────────► new states ──────► waiting ────────► changelog transaction ──► RocksDB batch
                                     outputs on their way   outputs there
```

`prepare` takes the states as of the end of a part, before its outputs are sent; `stage` hands them on when the outputs
are acknowledged, in the same order; `commit` writes everything staged so far, newest value per key, with the applied
record of the last of those parts: state in the log is always the state as of one known place of the input, never a
mixture with newer values from the cache. A value on its way is found before RocksDB is asked, so an evicted cache entry
never falls back to a stale one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Protocol

from tables.store import APPLIED_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tables.store import PartitionStore

#: The state of an account never seen.
NO_STATE = b""


class Changelog(Protocol):
    """Where committed changes go; `tables.changelog.ChangelogWriter` in a worker, a list in a test."""

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int: ...


class TablePartition:
    """One partition of a table, owned by one stage's task.

    `cache_entries` bounds the states kept; `applied` is what the stage had applied, as it encoded it, or None.
    """

    def __init__(self, store: PartitionStore, changelog: Changelog, *, cache_entries: int) -> None:
        self.store = store
        self._changelog = changelog
        self._cache_entries = cache_entries
        self._cache: OrderedDict[bytes, bytes] = OrderedDict()
        self._prepared: deque[tuple[dict[bytes, bytes | None], int]] = deque()
        self._waiting: dict[bytes, bytes | None] = {}
        self._committing: dict[bytes, bytes | None] = {}
        self.waiting_bytes = 0
        self._staged_bytes = 0
        self.applied = store.applied or None

    def load(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the states of `keys` in their order, `NO_STATE` for accounts never seen."""
        cache = self._cache
        states = {key: cache.get(key, NO_STATE) for key in keys}
        missing = [key for key, state in states.items() if not state]
        if missing:
            for key, value in zip(missing, self._read(missing), strict=True):
                states[key] = value or NO_STATE
        return states

    def prepare(self, states: Mapping[bytes, bytes], applied: bytes) -> None:
        """Take the states as of the end of a part, with what the stage has applied by then."""
        cache = self._cache
        cache.update(states)
        for key in states:
            cache.move_to_end(key)  # most recently used goes last
        size = sum(map(len, states.values()))
        values: dict[bytes, bytes | None] = {APPLIED_KEY: applied}
        values.update({key: state or None for key, state in states.items()})
        self.waiting_bytes += size
        self._prepared.append((values, size))
        for _ in range(len(cache) - self._cache_entries):
            cache.popitem(last=False)

    def stage(self) -> None:
        """Take the oldest part that was prepared for the next commit: its outputs are durable."""
        values, size = self._prepared.popleft()
        self._waiting.update(values)
        self._staged_bytes += size
        self.applied = values[APPLIED_KEY]

    async def commit(self) -> None:
        """Make everything staged so far durable: first the changelog, then RocksDB. One at a time, in order.

        Errors are the changelog's and the store's; after one the partition must not be used again.
        """
        if not self._waiting:
            return
        self._committing, self._waiting = self._waiting, {}
        self.waiting_bytes -= self._staged_bytes
        self._staged_bytes = 0
        offset = await self._changelog.write(self._committing)
        await asyncio.to_thread(self.store.write, self._committing, offset)
        self._committing = {}

    async def claim(self) -> None:
        """Commit one non-empty transaction before the first output: it fails where another worker took over."""
        self._waiting[APPLIED_KEY] = self.applied if self.applied is not None else b""
        await self.commit()

    def peek(self, key: bytes) -> bytes | None:
        """Return an account's newest state for a view, or None."""
        return self._cache.get(key) or self._read([key])[0]

    def _read(self, keys: list[bytes]) -> list[bytes | None]:
        layers = [values for values, _ in reversed(self._prepared)] + [self._waiting, self._committing]
        layers = [layer for layer in layers if layer]
        if not layers:
            return self.store.get_many(keys)
        values = [_newest(layers, key) for key in keys]
        absent = [key for key, value in zip(keys, values, strict=True) if value is None]
        stored = iter(self.store.get_many(absent))
        return [next(stored) if value is None else value or None for value in values]

    def close(self) -> None:
        """Drop the cache and release RocksDB."""
        self._cache.clear()
        self.store.close()


def _newest(layers: Sequence[Mapping[bytes, bytes | None]], key: bytes) -> bytes | None:
    """Return what is on its way, `NO_STATE` for a deletion, or None where RocksDB has the newest."""
    for layer in layers:
        if key in layer:
            return layer[key] or NO_STATE
    return None
