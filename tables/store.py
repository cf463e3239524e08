"""One partition of one table in RocksDB: account states, and how far they go, always written together.

A write is one `WriteBatch`: the values, what the stage had applied when it had these values, and the changelog offset
that holds them. So the directory is at every moment the state as of one known place of the logs, whatever killed the
process. A lost tail of the write-ahead log is read again from the changelog, hence no fsync per batch.

Layout: an account's key is its VPA in UTF-8; keys that start with a zero byte are ours (`APPLIED_KEY`, `OFFSET_KEY`).
"""

from __future__ import annotations

import struct
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

#: What the stage had applied; also the key of that record in the changelog.
APPLIED_KEY = b"\x00applied"
#: The changelog offset up to which this directory holds everything.
OFFSET_KEY = b"\x00offset"

_OFFSET = struct.Struct(">q")
_WRITE_BUFFER_BYTES = 8 * 1024 * 1024
_BLOCK_CACHE_BYTES = 64 * 1024 * 1024
_BLOCK_BYTES = 8 * 1024
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
    options.set_max_total_wal_size(4 * _WRITE_BUFFER_BYTES)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1024 * 1024)
    options.set_compression_type(DBCompressionType.lz4())
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
        self._write_options = WriteOptions()
        self._write_options.sync = False
        self._restore_options = WriteOptions()
        self._restore_options.disable_wal = True
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
        value: bytes | None = self._db.get(key)
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys` in their order, None where there is none."""
        values: list[bytes | None] = self._db.get(list(keys))
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
        self._write(changes, changelog_offset, self._write_options)

    def restore(self, changes: Mapping[bytes, bytes | None], changelog_offset: int) -> None:
        """Write like `write`, without a log of it: `flush` must come before the next `write`."""
        self._write(changes, changelog_offset, self._restore_options)

    def flush(self) -> None:
        """Write to disk what `restore` left in memory."""
        self._db.flush()

    def _write(self, changes: Mapping[bytes, bytes | None], changelog_offset: int, options: WriteOptions) -> None:
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in changes.items():
            if value is None:
                delete(key)
            else:
                put(key, value)
        put(OFFSET_KEY, _OFFSET.pack(changelog_offset))
        self._db.write(batch, options)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over accounts in key order; for tools and tests, never on the path of a payment."""
        for key, value in self._db.items():
            if not key.startswith(b"\x00"):
                yield key, value

    def close(self) -> None:
        """Write what is buffered and release the directory."""
        if not self._closed:
            self._closed = True
            self._db.close()
