"""Reading a history file for streaming: any form that section 8 of the design allows, in order of event time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.clock import HOUR_MS
from features.errors import SimulatorError
from simulator.faults import Faults, disturb
from simulator.table import TRANSACTION_COLUMNS, time_strings

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.dice import Bools, Dice, Ints

REQUIRED = TRANSACTION_COLUMNS[:5]


@dataclass(frozen=True, slots=True)
class History:
    """A history in order of arrival: one row per payment (repeats too), with times as epoch ms."""

    frame: pl.DataFrame
    event_ms: Ints
    arrival_ms: Ints
    label_ms: Ints
    labelled: Bools
    repeat: Bools

    def __len__(self) -> int:
        return len(self.frame)


def read_frame(path: Path) -> pl.DataFrame:
    """Return a history file's rows as they stand; SimulatorError if it is no such file or lacks a required column."""
    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
        elif path.suffix == ".csv":
            frame = pl.read_csv(path, infer_schema=False)
        else:
            frame = pl.read_ndjson(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as exc:
        raise SimulatorError(f"cannot read the history {path}: {exc}; give Parquet, CSV or JSON Lines") from exc
    missing = [column for column in REQUIRED if column not in frame.columns]
    if missing:
        raise SimulatorError(
            f"the history {path} needs the columns {', '.join(REQUIRED)}; it lacks {', '.join(missing)}"
        )
    return frame


def load_history(path: Path, faults: Faults, dice: Dice, *, label_delay_hours: float) -> History:
    """Return a history in order of event time, or of arrival where faults are asked for."""
    frame = read_frame(path)
    event_ms = time_ms(frame["event_time"]).fill_null(strategy="forward").fill_null(0)
    order = np.argsort(event_ms.to_numpy(), kind="stable")
    frame, event_ms = frame[order], event_ms[order]
    times = event_ms.to_numpy().astype(np.int64)
    frame = _plain(frame).with_columns(pl.Series("_event_ms", times))
    arrival, repeat = times, np.zeros(len(frame), dtype=np.bool_)
    if faults.any:
        frame, arrival, repeat = disturb(frame, times, faults, dice)
    events = frame["_event_ms"].to_numpy()
    labels = events + round(label_delay_hours * HOUR_MS)
    if "label_time" in frame.columns:
        given = time_ms(frame["label_time"])
        labels = given.fill_null(pl.Series(labels)).to_numpy()
    known = frame["is_fraud"].is_not_null().to_numpy()
    return History(frame, events, arrival, labels, known & ~repeat, repeat)


def time_ms(times: pl.Series) -> pl.Series:
    """Return epoch ms of RFC 3339 text, epoch ms or timestamps; null for what is none of these."""
    if times.dtype == pl.String:
        number = times.cast(pl.Int64, strict=False)
        text = times.str.to_datetime(time_unit="ms", time_zone="UTC", strict=False, format="%+")
        return number.fill_null(text.dt.epoch("ms"))
    if isinstance(times.dtype, pl.Datetime):
        return times.dt.epoch("ms")
    return times.cast(pl.Int64, strict=False)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows with amounts as numbers, event times as text and a verdict column, whatever the file held."""
    if "is_fraud" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.Int8).alias("is_fraud"))
    amount = frame["amount"].cast(pl.Float64, strict=False)
    if amount.null_count() == frame["amount"].null_count():
        frame = frame.with_columns(amount)
    frame = frame.with_columns(_time_texts(frame["event_time"]))
    verdict = pl.col("is_fraud").cast(pl.String).replace_strict({"1": 1, "true": 1, "0": 0, "false": 0}, default=None)
    return frame.with_columns(verdict.cast(pl.Int8))


def _time_texts(times: pl.Series) -> pl.Series:
    """Return times as text that says what they say: RFC 3339 stays, numbers and timestamps become it."""
    made = time_strings(time_ms(times).fill_null(0).to_numpy()).alias(times.name)
    if times.dtype != pl.String:
        return made
    return made.zip_with(times.cast(pl.Int64, strict=False).is_not_null(), times)
