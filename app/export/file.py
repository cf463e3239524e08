"""Writes rows as Parquet, CSV or JSON Lines, block by block; the file appears under its name only when it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import polars as pl
import pyarrow.parquet as pq

from app.export.rows import SCHEMA
from features.errors import HistoryError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_BLOCK_ROWS = 20_000
SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")


class HistoryFile:
    """A history on its way to disk; memory holds one block."""

    def __init__(self, path: Path) -> None:
        if path.suffix not in SUFFIXES:
            raise HistoryError(
                f"needed a history file named {', '.join(SUFFIXES)}, got {path.name}: choose another --out"
            )
        if not path.resolve().parent.is_dir():
            raise HistoryError(f"needed an existing folder for {path.name}, got {path.parent}: create it")
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._block: list[dict[str, Any]] = []
        self._writer: Any = None
        self.rows = 0

    def add(self, row: dict[str, Any] | None) -> None:
        """Append a row; None is none."""
        if row is None:
            return
        self.rows += 1
        self._block.append(row)
        if len(self._block) >= _BLOCK_ROWS:
            self._flush()

    def _flush(self) -> None:
        frame = pl.DataFrame(self._block, schema=SCHEMA)
        self._block = []
        if self._path.suffix == ".parquet":
            table = frame.to_arrow()
            self._writer = self._writer or pq.ParquetWriter(self._partial, table.schema, compression="zstd")
            self._writer.write_table(table)
            return
        self._writer = self._writer or self._partial.open("wb")
        first = self._writer.tell() == 0
        if self._path.suffix == ".csv":
            frame.write_csv(self._writer, include_header=first, float_precision=2)
        else:
            frame.write_ndjson(self._writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and (self._block or self._writer is None):
            self._flush()
        if self._writer is not None:
            self._writer.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)
