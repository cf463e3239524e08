"""Reads a history file's rows as they stand, block by block: a file may be larger than memory."""

from __future__ import annotations

from io import BufferedReader, BytesIO, FileIO
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq

from features.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BLOCK_ROWS = 50_000
REQUIRED = ("transaction_id", "event_time", "payer_vpa", "payee_vpa", "amount")


def read_blocks(path: Path) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file in its order; raises `HistoryError` for what is no history file."""
    readers: dict[str, Callable[[Path], Iterator[pl.DataFrame]]] = {
        ".parquet": _parquet,
        ".csv": _csv,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise HistoryError(f"needed a history file named .parquet, .csv or .jsonl, got {path}")
    first = True
    try:
        for frame in reader(path):
            missing = [name for name in REQUIRED if name not in frame.columns]
            if missing and first:
                wanted = ", ".join(REQUIRED)
                raise HistoryError(f"needed the columns {wanted} in {path}, got none named {', '.join(missing)}")
            first = False
            yield frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    except (OSError, ValueError, pl.exceptions.PolarsError) as exc:
        raise HistoryError(f"needed a readable history file, got {path}: {exc}") from exc


def _parquet(path: Path) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        empty = pl.from_arrow(file.schema_arrow.empty_table())
        assert isinstance(empty, pl.DataFrame)  # noqa: S101 - of a table it always is
        yield empty
        for batch in file.iter_batches(BLOCK_ROWS):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)  # noqa: S101 - as above
            yield frame


def _csv(path: Path) -> Iterator[pl.DataFrame]:
    yield from pl.scan_csv(path, infer_schema=False).collect_batches(chunk_size=BLOCK_ROWS, maintain_order=True)


def _json_lines(path: Path) -> Iterator[pl.DataFrame]:
    """Each block finds the types of its own columns: what is absent from one may stand in another."""
    with BufferedReader(FileIO(path)) as lines:
        while block := b"".join(islice(lines, BLOCK_ROWS)):
            yield pl.read_ndjson(BytesIO(block), infer_schema_length=None)
