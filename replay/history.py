"""Reads a history file: Parquet, CSV or JSON Lines, in event-time order.

Columns: `transaction_id, event_time, payer_vpa, payee_vpa, amount`, any of the optional fields of a payment, and
`is_fraud` (0, 1 or empty), `label_time` (default: event time plus the label delay) and `fraud_type`, which only
reports read. A row is held to the same rules as a live record. Columns are converted as a whole; only rows that fail
are looked at one by one, for the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from features.clock import HOUR_MS
from features.errors import HistoryError
from features.fields import AMOUNT_PAISE_MAX, EVENT_TIME_MS_MAX, OPTIONAL_CHARS_MAX, TRANSACTION_ID_CHARS_MAX
from features.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LABEL_DELAY_MS = 72 * HOUR_MS
REQUIRED = ("transaction_id", "event_time", "payer_vpa", "payee_vpa", "amount")
OPTIONAL = ("device_id", "payee_type", "mcc", "initiation_mode", "txn_type", "status", "ip", "location", "app")
_UPPER = frozenset({"payee_type", "txn_type", "status"})
_VPA = r"^[a-z0-9._-]+@[a-z0-9.-]+$"
_VPA_CHARS_MAX = 255
_BATCH_ROWS = 50_000
#: What binary fractions make of two decimals, times a hundred; a third decimal is ten times more.
_PAISE_TOLERANCE = 0.01


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
    frame = _normalized(_scan(path), path, label_delay_ms)
    bad = frame.filter(pl.col("wrong").is_not_null()).select("row", "wrong")
    for row, wrong in bad.iter_rows():
        if on_bad_row is None:
            raise HistoryError(f"needed a valid payment in row {row} of {path}, got: {wrong}. Correct or remove it.")
        on_bad_row(row, wrong)
    good = frame.filter(pl.col("wrong").is_null()).drop("row", "wrong")
    if not good["event_time"].is_sorted():
        good = good.sort("event_time", maintain_order=True)
    for batch in good.iter_slices(_BATCH_ROWS):
        for *fields, is_fraud, label_time_ms, fraud_type in batch.iter_rows():
            verdict = None if is_fraud is None else bool(is_fraud)
            yield HistoryRow(Transaction(*fields), verdict, label_time_ms if verdict is not None else None, fraud_type)


def _scan(path: Path) -> pl.DataFrame:
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".parquet": pl.read_parquet,
        ".csv": lambda source: pl.read_csv(source, infer_schema=False),
        ".jsonl": lambda source: pl.read_ndjson(source, infer_schema_length=None),
        ".ndjson": lambda source: pl.read_ndjson(source, infer_schema_length=None),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise HistoryError(f"needed a history file named .parquet, .csv or .jsonl, got {path}")
    try:
        frame = reader(path)
    except (OSError, pl.exceptions.PolarsError) as exc:
        raise HistoryError(f"needed a readable history file, got {path}: {exc}") from exc
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise HistoryError(f"needed the columns {', '.join(REQUIRED)} in {path}, got none named {', '.join(missing)}")
    return frame


def _normalized(frame: pl.DataFrame, path: Path, label_delay_ms: int) -> pl.DataFrame:
    """Return the columns of `Transaction`, then is_fraud, label_time, fraud_type, the row number and what is wrong."""
    columns = frame.columns
    try:
        frame = frame.select(
            pl.col("transaction_id").cast(pl.String),
            _time_ms(frame, "event_time"),
            (_number(frame, "amount") * 100).round().cast(pl.Int64, strict=False).alias("amount_paise"),
            _number(frame, "amount").alias("amount"),
            *(pl.col(name).cast(pl.String).str.to_lowercase() for name in ("payer_vpa", "payee_vpa")),
            *(_optional(name, columns) for name in OPTIONAL),
            _is_fraud(columns),
            _time_ms(frame, "label_time") if "label_time" in columns else pl.lit(None, pl.Int64).alias("label_time"),
            (pl.col("fraud_type") if "fraud_type" in columns else pl.lit(None)).cast(pl.String).alias("fraud_type"),
            pl.int_range(1, pl.len() + 1).alias("row"),
        )
    except pl.exceptions.PolarsError as exc:
        raise HistoryError(f"needed columns of the described kinds in {path}, got: {exc}") from exc
    delayed = pl.col("label_time").fill_null(pl.col("event_time") + label_delay_ms)
    return frame.with_columns(delayed.alias("label_time"), _wrong().alias("wrong")).select(
        "transaction_id",
        "event_time",
        "amount_paise",
        "payer_vpa",
        "payee_vpa",
        *OPTIONAL,
        "is_fraud",
        "label_time",
        "fraud_type",
        "row",
        "wrong",
    )


def _time_ms(frame: pl.DataFrame, name: str) -> pl.Expr:
    dtype = frame.schema[name]
    if isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.epoch("ms").alias(name)
    if dtype.is_numeric():
        return pl.col(name).cast(pl.Int64).alias(name)
    text = pl.col(name).cast(pl.String)
    parsed = text.str.replace("(?i)z$", "+00:00").str.to_datetime("%+", time_zone="UTC", time_unit="us", strict=False)
    return text.cast(pl.Int64, strict=False).fill_null(parsed.dt.epoch("ms")).alias(name)


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if frame.schema[name].is_numeric() else pl.col(name).cast(pl.Float64, strict=False)


def _optional(name: str, columns: list[str]) -> pl.Expr:
    if name not in columns:
        return pl.lit(None, pl.String).alias(name)
    text = pl.col(name).cast(pl.String)
    text = text.str.to_uppercase() if name in _UPPER else text
    text = text.str.zfill(4) if name == "mcc" else text
    return pl.when(pl.col(name).cast(pl.String) == "").then(None).otherwise(text).alias(name)


def _is_fraud(columns: list[str]) -> pl.Expr:
    if "is_fraud" not in columns:
        return pl.lit(None, pl.Int8).alias("is_fraud")
    text = pl.col("is_fraud").cast(pl.String).str.to_lowercase().str.strip_suffix(".0")
    known = {"0": 0, "1": 1, "false": 0, "true": 1}
    unknown = pl.when(text.is_null() | (text == "")).then(None).otherwise(-1)
    return text.replace_strict(known, default=unknown, return_dtype=pl.Int8).alias("is_fraud")


def _wrong() -> pl.Expr:
    """Say what is wrong with a row, the first thing found, or null."""
    checks = {
        "transaction_id of 1 to 64 characters": pl.col("transaction_id")
        .str.len_chars()
        .is_between(1, TRANSACTION_ID_CHARS_MAX),
        "event_time as RFC 3339 or epoch ms": pl.col("event_time").is_between(0, EVENT_TIME_MS_MAX),
        "amount in rupees, above 0, with 2 decimals": (
            (pl.col("amount") * 100 - pl.col("amount_paise")).abs() < _PAISE_TOLERANCE
        )
        & pl.col("amount_paise").is_between(1, AMOUNT_PAISE_MAX),
        **{
            f"{name} as name@handle": pl.col(name).str.contains(_VPA) & (pl.col(name).str.len_bytes() <= _VPA_CHARS_MAX)
            for name in ("payer_vpa", "payee_vpa")
        },
        **{
            f"{name} of at most {OPTIONAL_CHARS_MAX} characters": pl.col(name).is_null()
            | (pl.col(name).str.len_chars() <= OPTIONAL_CHARS_MAX)
            for name in OPTIONAL
        },
        "is_fraud as 0, 1 or empty": pl.col("is_fraud").is_null() | (pl.col("is_fraud") >= 0),
    }
    found = [pl.when(~check.fill_null(False)).then(pl.lit(f"{what} was needed")) for what, check in checks.items()]
    return pl.coalesce(found)
