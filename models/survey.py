"""A look at a history before minutes are spent on it: columns, ranges, order, accounts, labels, days.

One pass over the file, block by block, without folding anything. Nothing here refuses a file; it tells the operator
what is there and what is odd about it. Rows that cannot be used are set aside with what was wrong with them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS, format_event_time
from replay.history import OPTIONAL, read_frames

if TYPE_CHECKING:
    from pathlib import Path

SET_ASIDE = "set-aside.csv"
MOST_SET_ASIDE = 100_000
_DAYS_SHOWN = 5
_SHORT_DELAY_MS = HOUR_MS


@dataclass(slots=True)
class Survey:
    """What one pass found; `until_ms` is where it stopped looking, None at the end of the file."""

    until_ms: int | None = None
    rows: int = 0
    set_aside: list[tuple[int, str]] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    out_of_order: int = 0
    newest_ms: int = -1
    given: Counter[str] = field(default_factory=Counter)
    labels: Counter[int] = field(default_factory=Counter)
    early_labels: int = 0
    _amounts: list[pl.Series] = field(default_factory=list)
    _delays: list[pl.Series] = field(default_factory=list)
    _accounts: dict[str, list[pl.Series]] = field(default_factory=lambda: {"payer_vpa": [], "payee_vpa": []})
    _days: Counter[tuple[int, int]] = field(default_factory=Counter)

    def saw_bad_row(self, row: int, wrong: str) -> None:
        """Set a row aside."""
        self.wrong[wrong] += 1
        if len(self.set_aside) < MOST_SET_ASIDE:
            self.set_aside.append((row, wrong))

    def add(self, frame: pl.DataFrame) -> None:
        """Look at the good rows of a block."""
        if self.until_ms is not None:
            frame = frame.filter(pl.col("event_time") < self.until_ms)
            known = pl.col("label_time") <= self.until_ms
            frame = frame.with_columns(pl.when(known).then("is_fraud").alias("is_fraud"))
        if not len(frame):
            return
        self.rows += len(frame)
        times = frame["event_time"].to_numpy()
        newest = np.maximum.accumulate(np.concatenate([[self.newest_ms], times]))
        self.out_of_order += int((times < newest[:-1]).sum())
        self.newest_ms = int(newest[-1])
        self.given.update({name: len(frame) - frame[name].null_count() for name in OPTIONAL})
        self._amounts.append(frame["amount_paise"])
        for name, parts in self._accounts.items():
            parts.append(frame[name].hash(0).unique())
        labelled = frame.filter(pl.col("is_fraud").is_not_null())
        delays = labelled["label_time"] - labelled["event_time"]
        self.early_labels += int((delays < _SHORT_DELAY_MS).sum())
        self._delays.append(delays)
        day = ((pl.col("event_time") + IST_OFFSET_MS) // DAY_MS).alias("day")
        for at, label, count in frame.group_by(day, pl.col("is_fraud").fill_null(-1)).len().iter_rows():
            self.labels[label] += count
            self._days[at, label] += count

    def lines(self) -> list[str]:
        """Write the report, warnings last."""
        aside = [f"{count:,} rows set aside: {why}" for why, count in self.wrong.most_common()]
        if not self.rows:
            return ["no row can be used", *aside]
        low, middle, high = (pl.concat(self._amounts).quantile(q, "nearest") or 0.0 for q in (0.0, 0.5, 1.0))
        payers, payees = (pl.concat(parts).n_unique() for parts in self._accounts.values())
        given = [f"{name} {self.given[name] / self.rows:.0%}" for name in OPTIONAL if self.given[name]]
        return [
            (
                f"{self.rows:,} rows of {payers:,} payers and {payees:,} payees, amounts of "
                f"{low / 100:,.2f} to {high / 100:,.2f} rupees, the middle one {middle / 100:,.2f}"
            ),
            f"optional fields: {', '.join(given)}" if given else "optional fields: none",
            *self._label_lines(),
            *aside,
            *self._warnings(),
        ]

    def _label_lines(self) -> list[str]:
        delays = pl.concat(self._delays)
        if not len(delays):
            return ["no label is known"]
        hours = [(delays.quantile(q, "nearest") or 0.0) / HOUR_MS for q in (0.05, 0.5, 0.95)]
        return [
            (
                f"labels: {self.labels[1]:,} fraud, {self.labels[0]:,} not, {self.labels[-1]:,} unknown; they come "
                f"after {hours[1]:.0f} h (5 % before {hours[0]:.0f} h, 5 % after {hours[2]:.0f} h)"
            )
        ]

    def _warnings(self) -> list[str]:
        warnings = []
        if self.out_of_order:
            warnings.append(
                f"warning: {self.out_of_order:,} rows stand behind later ones; they are sorted by event time"
            )
        if self.early_labels:
            warnings.append(
                f"warning: {self.early_labels:,} labels come within an hour of their payment; verdicts that were known "
                "later than they say make every number here too good"
            )
        return [*warnings, *self._odd_days()]

    def _odd_days(self) -> list[str]:
        """Tell days on which nobody was found to be a fraud, between days on which somebody was."""
        days = sorted({day for day, label in self._days if label >= 0})
        frauds = [day for day in days if self._days[day, 1]]
        bare = [day for day in days if not self._days[day, 1] and frauds and frauds[0] < day < frauds[-1]]
        if not bare:
            return []
        shown = ", ".join(format_event_time(day * DAY_MS - IST_OFFSET_MS)[:10] for day in bare[:_DAYS_SHOWN])
        count = f"{len(bare)} day{'s' * (len(bare) > 1)}"
        return [f"warning: no fraud is labelled on {count} between others ({shown}{', ...' * (len(bare) > 5)})"]


def survey(path: Path, *, label_delay_ms: int, until_ms: int | None) -> Survey:
    """Look through a history file; nothing from `until_ms` on is looked at."""
    seen = Survey(until_ms)
    for frame in read_frames(path, label_delay_ms=label_delay_ms, on_bad_row=seen.saw_bad_row):
        seen.add(frame)
    return seen


def write_set_aside(path: Path, seen: Survey) -> None:
    """Write the rows that cannot be used, and why, for whoever mends the file; nothing where there are none."""
    if seen.set_aside:
        pl.DataFrame(seen.set_aside, schema=["row", "wrong"], orient="row").write_csv(path)
