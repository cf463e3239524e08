"""One partition of one table in RocksDB: account states, and how far they go, always written together.

A write is one `WriteBatch`: the values, what the stage had applied when it had these values, and the changelog offset
that holds them. So the directory is at every moment the state as of one known place of the logs, whatever killed the
process. RocksDB keeps no write-ahead log: what a killed process had not flushed, at most two write buffers, is read
again from the changelog, which had it first. Memory is flushed in the order of the writes, so what is left is a state
as of one offset too. Without that second log a key costs a third less.

Layout: an account's key is its VPA in UTF-8; keys that start with a zero byte are ours (`APPLIED_KEY`, `OFFSET_KEY`).
"""

from __future__ import annotations

import logging
import struct
import time
from typing import TYPE_CHECKING

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

from features.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

#: What the stage had applied; also the key of that record in the changelog.
APPLIED_KEY = b"\x00applied"
#: The changelog offset up to which this directory holds everything.
OFFSET_KEY = b"\x00offset"

#: Says in a directory that what RocksDB read there was damaged; see `tables.opening`.
DAMAGED_FILE = "DAMAGED"

_DAMAGE = ("Corruption", "No such file or directory", "does not exist")
_OFFSET = struct.Struct(">q")
_WRITE_BUFFER_BYTES = 2 * 1024 * 1024
#: Where little is written a buffer takes days to fill: it is flushed after so long, or a kill costs a whole restore.
FLUSH_EVERY_S = 600.0
# For indexes and filters, above all: a state that the stage keeps at hand is had for far less than one of a block here.
_BLOCK_CACHE_BYTES = 8 * 1024 * 1024
_BLOCK_BYTES = 4 * 1024
_LEVEL_ZERO_FILES = 8
_BLOOM_BITS_PER_KEY = 10

# One cache for every partition of the process: Faust's own store makes one of 2 GiB for each.
_shared_cache: Cache | None = None


def _block_cache() -> Cache:
    global _shared_cache  # noqa: PLW0603 - one per process is the point
    if _shared_cache is None:
        _shared_cache = Cache(_BLOCK_CACHE_BYTES)
    return _shared_cache


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(2)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1024 * 1024)
    # Levels 0 and 1, which hold 256 MiB, are written over and over: as seldom and as plainly as may be.
    options.set_level_zero_file_num_compaction_trigger(_LEVEL_ZERO_FILES)
    options.set_compression_per_level([DBCompressionType.none()] * 2 + [DBCompressionType.lz4()] * 5)
    options.set_max_background_jobs(2)
    options.set_max_open_files(256)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(_block_cache())
    blocks.set_block_size(_BLOCK_BYTES)
    blocks.set_bloom_filter(_BLOOM_BITS_PER_KEY, False)
    blocks.set_cache_index_and_filter_blocks(True)
    options.set_block_based_table_factory(blocks)
    return options


class PartitionStore:
    """The RocksDB directory of one table partition.

    Raises `StoreError` where the directory cannot be opened: another worker holds it, or it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        self._flush_due_s = time.monotonic() + FLUSH_EVERY_S
        self._write_options = WriteOptions()
        self._write_options.disable_wal = True
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = Rdict(str(path), options=_options())
        except Exception as exc:  # rocksdict raises plain Exception
            raise StoreError(
                f"needed to open the table directory {path}, got: {exc}. If another worker runs on it, give each "
                "worker its own APP_DATADIR; if it is damaged, delete it: it is restored from the changelog."
            ) from exc

    def get(self, key: bytes) -> bytes | None:
        """Return the value of one key, or None."""
        return self.get_many([key])[0]

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys` in their order, None where there is none."""
        try:
            values: list[bytes | None] = self._db.get(list(keys))
        except Exception as exc:  # rocksdict raises plain Exception
            raise self._failed("read", exc) from exc
        return values

    @property
    def applied(self) -> bytes | None:
        """What the stage had applied when it last wrote, as it encoded it."""
        return self.get(APPLIED_KEY)

    @property
    def changelog_offset(self) -> int:
        """The changelog offset up to which everything is here; -1 for an empty directory."""
        value = self.get(OFFSET_KEY)
        return -1 if value is None else int(_OFFSET.unpack(value)[0])

    def write(self, changes: Mapping[bytes, bytes | None], changelog_offset: int) -> None:
        """Write values (None deletes) and the changelog offset that holds them, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in changes.items():
            if value is None:
                delete(key)
            else:
                put(key, value)
        put(OFFSET_KEY, _OFFSET.pack(changelog_offset))
        try:
            self._db.write(batch, self._write_options)
        except Exception as exc:  # as above
            raise self._failed("write", exc) from exc
        if time.monotonic() >= self._flush_due_s:
            self.flush()

    def flush(self) -> None:
        """Write to disk what is in memory; raises StoreError where it cannot be."""
        self._flush_due_s = time.monotonic() + FLUSH_EVERY_S
        try:
            self._db.flush()
        except Exception as exc:  # as above
            raise self._failed("write", exc) from exc

    def _failed(self, what: str, exc: Exception) -> StoreError:
        """Return what to raise; damage is noted in the directory, so that the next start begins it anew."""
        if is_damage(exc):
            (self.path / DAMAGED_FILE).write_text(str(exc))
        return StoreError(
            f"needed to {what} in {self.path}, got: {exc}. See that the disk is sound and has room; a damaged "
            "directory is restored from the changelog when the worker starts again."
        )

    def items(self, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Iterate over accounts in key order, from behind a key; for tools, tests and a sweep's few at a time."""
        rows = self._db.iter()
        try:
            rows.seek(after + b"\x00")  # the least key behind it
            while rows.valid():
                key = rows.key()
                if not key.startswith(b"\x00"):
                    yield key, rows.value()
                rows.next()
            rows.status()  # what is damaged reads like an end
        except Exception as exc:  # as above
            raise self._failed("read", exc) from exc
        finally:
            del rows  # an iterator that lives holds the directory

    def close(self) -> None:
        """Write what is buffered and release the directory."""
        if not self._closed:
            self._closed = True
            try:
                try:
                    self._db.flush()
                finally:  # also what cannot be flushed must let go of the directory
                    self._db.close()
            except Exception as exc:  # noqa: BLE001 - as above; what could not be written is in the changelog
                logger.warning("%s", self._failed("write", exc))


def is_damage(error: BaseException) -> bool:
    """Tell whether an error of RocksDB, or what came of it, says that files are missing or not what was written."""
    text = str(error.__cause__ or error)
    return any(sign in text for sign in _DAMAGE)
