"""Puts rows into event-time order with bounded memory: sorted runs on disk, merged; ties keep the file's order."""

from __future__ import annotations

from heapq import merge
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Rows sorted in memory at once: some 250 MB.
RUN_ROWS = 1_000_000
_BLOCK_ROWS = 20_000


def in_time_order(frames: Iterable[pl.DataFrame]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of all frames by `event_time`; up to `RUN_ROWS` rows never touch the disk."""
    run: list[pl.DataFrame] = []
    count = 0
    with TemporaryDirectory(prefix="prahari-history-") as folder:
        spilled: list[Path] = []
        for frame in frames:
            run.append(frame)
            count += len(frame)
            if count >= RUN_ROWS:
                spilled.append(Path(folder) / f"{len(spilled)}.parquet")
                _sorted(run).write_parquet(spilled[-1], compression="lz4")
                run, count = [], 0
        rest = _sorted(run).iter_rows() if run else iter(())
        if not spilled:
            yield from rest
            return
        # Runs are consecutive parts of the file and merging is stable: equal times keep the file's order.
        yield from merge(*(_read_run(path) for path in spilled), rest, key=lambda row: row[1])


def _sorted(run: list[pl.DataFrame]) -> pl.DataFrame:
    frame = pl.concat(run)
    return frame if frame["event_time"].is_sorted() else frame.sort("event_time", maintain_order=True)


def _read_run(path: Path) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BLOCK_ROWS):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)  # noqa: S101 - of a record batch it always is
            yield from frame.iter_rows()
