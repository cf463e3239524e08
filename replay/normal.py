"""Brings a history's rows, whatever kind of file they are from, to one form, and says what is wrong with a row.

Columns are converted as a whole; a row is held to the same rules as a live record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from features.errors import HistoryError
from features.fields import AMOUNT_PAISE_MAX, EVENT_TIME_MS_MAX, OPTIONAL_CHARS_MAX, TRANSACTION_ID_CHARS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OPTIONAL = ("device_id", "payee_type", "mcc", "initiation_mode", "txn_type", "status", "ip", "location", "app")
_UPPER = frozenset({"payee_type", "txn_type", "status"})
_VPA = r"^[a-z0-9._-]+@[a-z0-9.-]+$"
_VPA_CHARS_MAX = 255
#: What binary fractions make of two decimals, times a hundred; a third decimal is ten times more.
_PAISE_TOLERANCE = 0.01
#: As seconds 2001 to 5138, as milliseconds January 1970 to 1973: such a file is in seconds.
_SECONDS = (1_000_000_000, 100_000_000_000)


def normalize(
    frame: pl.DataFrame, path: Path, label_delay_ms: int, first_row: int, further: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Return the fields of a payment, then is_fraud, label_time, fraud_type, the `further` columns, row and wrong.

    `row` counts from `first_row`; `wrong` is null for a row that can be used.
    """
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
            *(_further(frame, name, dtype) for name, dtype in further.items()),
            pl.int_range(first_row, first_row + pl.len()).alias("row"),
        )
    except pl.exceptions.PolarsError as exc:
        raise HistoryError(f"needed columns of the described kinds in {path}, got: {exc}") from exc
    delayed = pl.col("label_time").fill_null(pl.col("event_time") + label_delay_ms)
    return frame.with_columns(delayed.alias("label_time"), _wrong().alias("wrong")).select(
        *("transaction_id", "event_time", "amount_paise", "payer_vpa", "payee_vpa", *OPTIONAL),
        *("is_fraud", "label_time", "fraud_type", *further, "row", "wrong"),
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


def _further(frame: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Boolean) and frame.schema[name] == pl.String:
        return (pl.col(name).str.to_lowercase() == "true").alias(name)
    return pl.col(name).cast(dtype)


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
        "event_time as RFC 3339 with an offset, or epoch ms": pl.col("event_time").is_between(0, EVENT_TIME_MS_MAX),
        "event_time in epoch ms, not s,": ~pl.col("event_time").is_between(*_SECONDS),
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
