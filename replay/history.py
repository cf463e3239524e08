"""Reads a history file: Parquet, CSV or JSON Lines, in event-time order, with bounded memory.

Columns: `transaction_id, event_time, payer_vpa, payee_vpa, amount`, any of the optional fields of a payment, and
`is_fraud` (0, 1 or empty), `label_time` (default: event time plus the label delay) and `fraud_type`, which only
reports read. A row is held to the same rules as a live record; only rows that fail are looked at one by one, for the
message. A Parquet file that is in order is read once and never held whole; any other is sorted, on disk if need be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from features.clock import HOUR_MS
from features.errors import HistoryError
from features.transaction import Transaction
from replay.files import REQUIRED, read_blocks
from replay.normal import OPTIONAL, normalize
from replay.sorting import in_time_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["LABEL_DELAY_MS", "OPTIONAL", "REQUIRED", "HistoryRow", "read_frames", "read_history"]

LABEL_DELAY_MS = 72 * HOUR_MS
_FIELDS = 5 + len(OPTIONAL)
_VERDICT_FIELDS = 3


class HistoryRow(NamedTuple):
    """One payment of the past; `is_fraud` None: no verdict is known."""

    transaction: Transaction
    is_fraud: bool | None
    label_time_ms: int | None
    fraud_type: str | None


def read_history(
    path: Path,
    *,
    label_delay_ms: int = LABEL_DELAY_MS,
    on_bad_row: Callable[[int, str], None] | None = None,
) -> Iterator[HistoryRow]:
    """Yield the rows of a history file in event-time order; rows of the same time keep the file's order.

    A bad row raises `HistoryError` with its number (from 1, header apart), or goes to `on_bad_row` with what was wrong.
    """
    frames = read_frames(path, label_delay_ms=label_delay_ms, on_bad_row=on_bad_row)
    if _is_in_order(path):
        for frame in frames:
            yield from map(history_row, frame.iter_rows())
    else:
        yield from map(history_row, in_time_order(frames))


def read_frames(
    path: Path,
    *,
    label_delay_ms: int = LABEL_DELAY_MS,
    on_bad_row: Callable[[int, str], None] | None = None,
    further: Mapping[str, pl.DataType] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the good rows in the file's order, block by block: payment, is_fraud, label_time, fraud_type, `further`."""
    first_row = 1
    for block in read_blocks(path):
        frame = normalize(block, path, label_delay_ms, first_row, further or {})
        first_row += len(block)
        for row, wrong in frame.filter(pl.col("wrong").is_not_null()).select("row", "wrong").iter_rows():
            if on_bad_row is None:
                raise HistoryError(
                    f"needed a valid payment in row {row} of {path}, got: {wrong}. Correct or remove it."
                )
            on_bad_row(row, wrong)
        yield frame.filter(pl.col("wrong").is_null()).drop("row", "wrong")


def history_row(fields: tuple[Any, ...]) -> HistoryRow:
    """Return a row of `read_frames` as a payment and what is known of it."""
    is_fraud, label_time_ms, fraud_type = fields[_FIELDS : _FIELDS + _VERDICT_FIELDS]
    if is_fraud is None:
        return HistoryRow(Transaction(*fields[:_FIELDS]), None, None, fraud_type)
    return HistoryRow(Transaction(*fields[:_FIELDS]), bool(is_fraud), label_time_ms, fraud_type)


def _is_in_order(path: Path) -> bool:
    """Look at a Parquet file's times, which costs little; other files are taken to be in none."""
    return path.suffix.lower() == ".parquet" and _rises(frame["event_time"] for frame in _times(path))


def _times(path: Path) -> Iterator[pl.DataFrame]:
    """Yield the good event times of a file, block by block."""
    for block in read_blocks(path):
        frame = normalize(block, path, 0, 1, {})
        yield frame.filter(pl.col("wrong").is_null()).select("event_time")


def _rises(series: Iterable[pl.Series]) -> bool:
    last_ms = -1
    for times in series:
        if len(times):
            if times[0] < last_ms or not times.is_sorted():
                return False
            last_ms = times[-1]
    return True
