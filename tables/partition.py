"""What a stage holds of its table: decoded states in a bounded cache, over RocksDB, over the changelog.

```
       load                 prepare                 stage             commit
keys ───────► states, fold ────────► encoded values ──────► waiting ────────► changelog transaction ──► RocksDB batch
                                     outputs on their way   outputs there
```

`prepare` encodes the values as of the end of a part, before its outputs are sent; `stage` takes them when the outputs
are acknowledged, in the same order; `commit` writes everything staged so far, newest value per key, with the applied
record of the last of those parts: state in the log is always the state as of one known place of the input, never a
mixture with newer values from the cache. A value on its way is found before RocksDB is asked, so an evicted cache entry
never falls back to a stale one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from tables.store import APPLIED_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tables.store import PartitionStore

State = TypeVar("State")


class TableCodec(NamedTuple):
    """How a table's states become bytes and come back; `empty` is the state of an account never seen."""

    empty: Callable[[], Any]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


class Changelog(Protocol):
    """Where committed changes go; `tables.changelog.ChangelogWriter` in a worker, a list in a test."""

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int: ...


class TablePartition(Generic[State]):
    """One partition of a table, owned by one stage's task.

    `cache_entries` bounds the decoded states kept; `applied` is what the stage had applied, as it encoded it, or None.
    """

    def __init__(
        self,
        store: PartitionStore,
        changelog: Changelog,
        codec: TableCodec,
        *,
        cache_entries: int,
    ) -> None:
        self.store = store
        self._changelog = changelog
        self._codec = codec
        self._cache_entries = cache_entries
        self._cache: dict[bytes, State] = {}
        self._prepared: deque[tuple[dict[bytes, bytes | None], int]] = deque()
        self._waiting: dict[bytes, bytes | None] = {}
        self._committing: dict[bytes, bytes | None] = {}
        self.waiting_bytes = 0
        self._staged_bytes = 0
        self.applied = store.applied or None

    def load(self, keys: Iterable[bytes]) -> dict[bytes, State]:
        """Return the states of `keys`; whoever changes one in place puts it back with `prepare`."""
        states: dict[bytes, State] = {}
        missing: list[bytes] = []
        cache, decode = self._cache, self._codec.decode
        for key in keys:
            state = cache.pop(key, None)
            if state is not None:
                cache[key] = state  # most recently used goes last
                states[key] = state
            else:
                missing.append(key)
        if missing:
            for key, value in zip(missing, self._read(missing), strict=True):
                state = self._codec.empty() if value is None else decode(value)
                cache[key] = states[key] = state
        return states

    def prepare(self, states: Mapping[bytes, State], applied: bytes) -> None:
        """Encode the states as of the end of a part, with what the stage has applied by then."""
        encode, cache = self._codec.encode, self._cache
        values: dict[bytes, bytes | None] = {APPLIED_KEY: applied}
        size = 0
        for key, state in states.items():
            cache[key] = state
            values[key] = data = encode(state)
            size += len(data)
        self.waiting_bytes += size
        self._prepared.append((values, size))
        self._evict()

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

    def peek(self, key: bytes) -> State | None:
        """Return an account's newest state for a view, or None; never changes what the stage sees."""
        cached = self._cache.get(key)
        value = self._read([key])[0] if cached is None else self._codec.encode(cached)
        state: State | None = None if value is None else self._codec.decode(value)
        return state

    def _read(self, keys: list[bytes]) -> list[bytes | None]:
        newest: Callable[[bytes], bytes | None] = self._newest_uncommitted
        if not self._waiting and not self._committing and not self._prepared:
            return self.store.get_many(keys)
        values = [newest(key) for key in keys]
        absent = [key for key, value in zip(keys, values, strict=True) if value is None]
        stored = iter(self.store.get_many(absent))
        return [next(stored) if value is None else value for value in values]

    def _newest_uncommitted(self, key: bytes) -> bytes | None:
        prepared = (values for values, _ in reversed(self._prepared))
        for values in (*prepared, self._waiting, self._committing):
            value = values.get(key)
            if value is not None:
                return value
        return None

    def _evict(self) -> None:
        excess = len(self._cache) - self._cache_entries
        if excess > 0:
            for key in list(self._cache)[:excess]:
                del self._cache[key]

    def close(self) -> None:
        """Drop the cache and release RocksDB."""
        self._cache.clear()
        self.store.close()
