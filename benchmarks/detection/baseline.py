"""Gradient boosting on features made by hand: the Fraud Detection Handbook's (chapter 3), and those of both sides.

`handbook` are its fifteen: amount, weekend, night; the payer's payments and mean amount of 1, 7 and 30 d; the payee's
payments and share of fraud of 1, 7 and 30 d, a week ago, when verdicts were in. `both sides` adds the same for the
other side: the payee's mean amounts, the payer's share of fraud. As there, a window includes the payment itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS = (1, 7, 30)
DELAY_DAYS = 7
NIGHT_HOUR = 6
SETS = ("handbook", "both sides")

#: LightGBM as many use it: small steps, many trees, early stopping on the last sixth of the span.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": "average_precision",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "verbose": -1,
    "num_threads": 1,
    "seed": 1,
}
MOST_TREES, PATIENCE = 600, 60
TUNED_SHARE = 1 / 6


def columns(kind: str) -> list[str]:
    """Name the features of a set."""
    base = ["amount", "weekend", "night"]
    base += [f"payer_{what}_{days}" for days in DAYS for what in ("count", "mean")]
    base += [f"payee_{what}_{days}" for days in DAYS for what in ("judged", "risk")]
    if kind == SETS[0]:
        return base
    base += [f"payee_{what}_{days}" for days in DAYS for what in ("count", "mean")]
    return base + [f"payer_{what}_{days}" for days in DAYS for what in ("judged", "risk")]


def with_features(history: pl.DataFrame) -> pl.DataFrame:
    """Add every feature to a history that is in order of time."""
    local = pl.col("event_time") + IST_OFFSET_MS
    frame = history.with_columns(
        (((local // DAY_MS + 3) % 7) >= 5).cast(pl.Float64).alias("weekend"),
        ((local % DAY_MS) <= NIGHT_HOUR * HOUR_MS).cast(pl.Float64).alias("night"),
        pl.col("is_fraud").cast(pl.Float64),
        pl.lit(1.0).alias("one"),
        pl.from_epoch("event_time", time_unit="ms").alias("at"),
    )
    for side in ("payer", "payee"):
        frame = frame.with_columns(_windows(side)).with_columns(_shares(side))
    return frame


def _sum(column: str, side: str, days: int) -> pl.Expr:
    return pl.col(column).rolling_sum_by("at", window_size=f"{days}d", closed="right").over(f"{side}_vpa")


def _windows(side: str) -> list[pl.Expr]:
    wanted = sorted({*DAYS, DELAY_DAYS, *(days + DELAY_DAYS for days in DAYS)})
    counts = [_sum("one", side, days).alias(f"{side}_n_{days}") for days in wanted]
    frauds = [_sum("is_fraud", side, days).alias(f"{side}_f_{days}") for days in wanted]
    return [*counts, *frauds, *(_sum("amount", side, days).alias(f"{side}_s_{days}") for days in DAYS)]


def _shares(side: str) -> list[pl.Expr]:
    made = []
    for days in DAYS:
        judged = pl.col(f"{side}_n_{days + DELAY_DAYS}") - pl.col(f"{side}_n_{DELAY_DAYS}")
        frauds = pl.col(f"{side}_f_{days + DELAY_DAYS}") - pl.col(f"{side}_f_{DELAY_DAYS}")
        made += [
            pl.col(f"{side}_n_{days}").alias(f"{side}_count_{days}"),
            (pl.col(f"{side}_s_{days}") / pl.col(f"{side}_n_{days}")).alias(f"{side}_mean_{days}"),
            judged.alias(f"{side}_judged_{days}"),
            pl.when(judged > 0.5).then(frauds / judged).otherwise(0.0).alias(f"{side}_risk_{days}"),
        ]
    return made


def scores(learn: pl.DataFrame, test: pl.DataFrame, kind: str) -> NDArray[np.float64]:
    """Learn from labelled payments and score later ones; early stopping on the last sixth of what is learned from."""
    import lightgbm  # noqa: PLC0415 - heavy

    names = columns(kind)
    cut = learn["event_time"].quantile(1 - TUNED_SHARE)
    early, late = learn.filter(pl.col("event_time") < cut), learn.filter(pl.col("event_time") >= cut)
    data = lightgbm.Dataset(early.select(names).to_numpy(), early["is_fraud"].to_numpy())
    held = lightgbm.Dataset(late.select(names).to_numpy(), late["is_fraud"].to_numpy(), reference=data)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    trees = lightgbm.train(PARAMETERS, data, MOST_TREES, valid_sets=[held], callbacks=[stop]).best_iteration
    everything = lightgbm.Dataset(learn.select(names).to_numpy(), learn["is_fraud"].to_numpy())
    booster = lightgbm.train(PARAMETERS, everything, trees)
    return np.asarray(booster.predict(test.select(names).to_numpy()), np.float64)
