"""Faults of delivery: late, duplicate, out of order, corrupt; off unless asked for.

Late and out-of-order payments arrive after their event time (minutes to weeks, or seconds); a tenth of the duplicates
differ from their original in the amount; corrupt ones are broken in one of several ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.clock import DAY_MS, MINUTE_MS, SECOND_MS
from features.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.dice import Bools, Dice, Ints

_CONFLICTING_SHARE = 0.1
_VERY_LATE_SHARE = 0.1
_NAME = "faults"


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of payments, each from 0 to 0.5, that suffer each fault."""

    late: float = 0.0
    duplicate: float = 0.0
    out_of_order: float = 0.0
    corrupt: float = 0.0

    def __post_init__(self) -> None:
        for name in ("late", "duplicate", "out_of_order", "corrupt"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise SimulatorError(
                    f"--{name.replace('_', '-')} needs a share from 0 to 0.5; got {getattr(self, name)}"
                )

    @property
    def any(self) -> bool:
        """Whether there is any fault at all."""
        return max(self.late, self.duplicate, self.out_of_order, self.corrupt) > 0

    def behind_ms(self, dice: Dice, ids: Ints) -> Ints:
        """Return by how much each payment's arrival lies behind its event time."""
        dice = dice.named(_NAME)
        seconds = dice.decades("jumbled", 50.0, 20.0 * SECOND_MS, ids)
        hours = dice.decades("late by", 10.0 * MINUTE_MS, 3.0 * DAY_MS, ids)
        weeks = dice.between("very late by", 31.0 * DAY_MS, 60.0 * DAY_MS, ids)
        late = np.where(dice.chance("very late", _VERY_LATE_SHARE, ids), weeks, hours)
        behind = np.where(dice.chance("out of order", self.out_of_order, ids), seconds, 0.0)
        return np.where(dice.chance("late", self.late, ids), late, behind).astype(np.int64)

    def repeated(self, dice: Dice, ids: Ints) -> tuple[Ints, Ints, Bools]:
        """Return the rows that come again, how long after (ms), and whether the repeat conflicts with its original."""
        dice = dice.named(_NAME)
        rows = np.flatnonzero(dice.chance("duplicate", self.duplicate, ids))
        after = dice.decades("again after", 5.0, 5.0 * MINUTE_MS, ids[rows]).astype(np.int64)
        return rows, after, dice.chance("conflicting", _CONFLICTING_SHARE, ids[rows])

    def spoiled(self, dice: Dice, ids: Ints) -> Ints:
        """Return 0 for sound payments, else the way (from 1) in which each is broken."""
        dice = dice.named(_NAME)
        way = 1 + dice.below("way", 6, ids)
        return np.where(dice.chance("corrupt", self.corrupt, ids), way, 0)


def disturb(frame: pl.DataFrame, time_ms: Ints, faults: Faults, dice: Dice) -> tuple[pl.DataFrame, Ints, Bools]:
    """Return a history in order of arrival with its repeats; arrival times (epoch ms); which rows are repeats."""
    ids = np.arange(len(frame), dtype=np.int64)
    arrival = time_ms + faults.behind_ms(dice, ids)
    rows, after, conflicting = faults.repeated(dice, ids)
    again = frame[rows].with_columns(
        pl.when(pl.Series(conflicting))
        .then((pl.col("amount") + 1).round(2))
        .otherwise(pl.col("amount"))
        .alias("amount")
    )
    arrival = np.concatenate([arrival, arrival[rows] + after])
    repeat = np.concatenate([np.zeros(len(frame), dtype=np.bool_), np.ones(len(rows), dtype=np.bool_)])
    order = np.argsort(arrival, kind="stable")
    return pl.concat([frame, again])[order], arrival[order], repeat[order]


def spoil_rows(frame: pl.DataFrame, faults: Faults, dice: Dice) -> pl.DataFrame:
    """Return a history with broken fields: what a file can hold of corruption."""
    way = pl.Series(faults.spoiled(dice, np.arange(len(frame), dtype=np.int64)))

    def spoil(number: int, column: str, broken: pl.Expr) -> pl.Expr:
        return pl.when(way == number).then(broken).otherwise(pl.col(column)).alias(column)

    return frame.with_columns(
        spoil(1, "amount", -pl.col("amount")),
        spoil(2, "payee_vpa", pl.col("payee_vpa").str.replace("@", "")),
        spoil(3, "event_time", pl.lit("yesterday")),
        spoil(4, "payer_vpa", pl.lit("")),
        spoil(5, "transaction_id", pl.lit("x" * 70)),
        spoil(6, "device_id", pl.lit("d" * 200)),
    )


def spoil_value(value: bytes, way: int) -> bytes:
    """Return a record's value broken in one of six ways; 0 leaves it as it is.

    >>> spoil_value(b'{"amount":1.5}', 2)
    b'{"amount":-1.5}'
    """
    if way == 0:
        return value
    broken = (
        value[: len(value) // 2],
        value.replace(b'"amount":', b'"amount":-'),
        value.replace(b'"payer_vpa"', b'"payer"'),
        value.replace(b"@", b"\xff"),
        value.replace(b'"event_time":"2', b'"event_time":"soon 2'),
        b"[" * 50_000,
    )
    return broken[(way - 1) % len(broken)]
