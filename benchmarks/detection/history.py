"""The data sets as history files: five columns, and verdicts that come a week after each payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from benchmarks.detection import accounts, handbook
from features.clock import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DELAY_MS = 7 * DAY_MS


class Set(NamedTuple):
    """One data set: what makes it, and how its parties and kinds of fraud are called."""

    make: Callable[[int], pl.DataFrame]
    start_ms: int
    payer: str
    payee: str
    kinds: tuple[str, ...]


SETS: dict[str, Set] = {
    "handbook": Set(
        handbook.make,
        handbook.START_MS,
        "c{}@card",
        "t{}@pos",
        ("large amount", "compromised terminal", "stolen credentials"),
    ),
    "amlsim": Set(
        accounts.make,
        handbook.START_MS,
        "a{}@bank",
        "a{}@bank",
        ("fan-in", "fan-out", "cycle", "scatter-gather", "gather-scatter", "bipartite"),
    ),
}


def write(name: str, path: Path, seed: int) -> pl.DataFrame:
    """Make a data set and write it as a history; returns it."""
    one = SETS[name]
    raw = one.make(seed)
    event_time = one.start_ms + pl.col("seconds") * 1000
    kinds = dict(enumerate(one.kinds, start=1))
    history = raw.select(
        pl.format("t{}", pl.int_range(pl.len())).alias("transaction_id"),
        event_time.alias("event_time"),
        pl.format(one.payer, "payer").alias("payer_vpa"),
        pl.format(one.payee, "payee").alias("payee_vpa"),
        "amount",
        "is_fraud",
        (event_time + DELAY_MS).alias("label_time"),
        pl.col("scenario").replace_strict(kinds, default=None, return_dtype=pl.String).alias("fraud_type"),
    )
    history.write_parquet(path)
    return history
