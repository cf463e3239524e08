"""What a history holds, in one Markdown table and two pictures: for docs/simulator.md, or for looking at a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS
from simulator.frauds import FRAUD_NAMES
from simulator.reading import read_frame, time_ms

if TYPE_CHECKING:
    from pathlib import Path

_HONEST = "(honest)"
_NIGHT_HOURS = (22, 5)
_SIZE = (11.0, 6.2)
_DOTS_PER_INCH = 100


def load(path: Path) -> pl.DataFrame:
    """Return a simulated history with `hour`, `day` (from 0), `new_pair` and `kind` (the fraud's name) as columns."""
    frame = read_frame(path)
    local = pl.Series("local", time_ms(frame["event_time"]) + IST_OFFSET_MS)
    frame = frame.with_columns(
        (local % DAY_MS / HOUR_MS).alias("hour"),
        (local // DAY_MS - local.min() // DAY_MS).alias("day"),  # type: ignore[operator]
        pl.col("amount").cast(pl.Float64),
        pl.col("is_fraud").cast(pl.Int8),
        pl.col("fraud_type").fill_null(_HONEST).alias("kind"),
        (pl.int_range(pl.len()).over("payer_vpa", "payee_vpa") == 0).alias("new_pair"),
    )
    return frame.with_columns(pl.when(pl.col("kind") == "").then(pl.lit(_HONEST)).otherwise("kind").alias("kind"))


def table(frame: pl.DataFrame) -> str:
    """Return one Markdown line per fraud, and one for honest life."""
    night = (pl.col("hour") >= _NIGHT_HOURS[0]) | (pl.col("hour") < _NIGHT_HOURS[1])
    rows = frame.group_by("kind").agg(
        pl.len().alias("payments"),
        pl.col("payer_vpa").n_unique().alias("payers"),
        pl.col("payee_vpa").n_unique().alias("payees"),
        pl.col("amount").quantile(0.25).alias("low"),
        pl.col("amount").quantile(0.75).alias("high"),
        night.mean().alias("night"),
        (pl.col("payee_type") == "PERSON").mean().alias("person"),
        pl.col("new_pair").mean().alias("new"),
        (pl.col("status") == "FAILED").mean().alias("failed"),
    )
    lines = [
        "| fraud | payments | payers | payees | middle half of amounts, Rs | 22-5 h | to persons | to new | failed |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    order = {name: place for place, name in enumerate((_HONEST, *FRAUD_NAMES[1:]))}
    ranked = sorted(rows.iter_rows(named=True), key=lambda row: order.get(row["kind"], len(order)))
    return "\n".join([*lines, *map(_line, ranked)])


def _line(row: dict[str, Any]) -> str:
    return (
        f"| {row['kind']} | {row['payments']:,} | {row['payers']:,} | {row['payees']:,} "
        f"| {row['low']:,.0f} - {row['high']:,.0f} | {row['night']:.0%} | {row['person']:.0%} "
        f"| {row['new']:.0%} | {row['failed']:.0%} |"
    )


def draw(frame: pl.DataFrame, folder: Path) -> list[Path]:
    """Draw ordinary life and the frauds into two PNG files and return their paths."""
    import matplotlib as mpl  # noqa: PLC0415 - only pictures need it

    mpl.use("Agg")
    paths = [folder / "simulator-life.png", folder / "simulator-frauds.png"]
    for path, draw_one in zip(paths, (_draw_life, _draw_frauds), strict=True):
        figure = draw_one(frame)
        figure.savefig(path, dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return paths


def _draw_life(frame: pl.DataFrame) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_SIZE, layout="constrained")
    by_hour, by_day, amounts, fan_in = figure.subplots(2, 2).flat
    honest, fraud = (frame.filter(pl.col("is_fraud") == flag) for flag in (0, 1))
    for part, name, colour in ((honest, "honest", "tab:blue"), (fraud, "fraud", "tab:red")):
        by_hour.hist(part["hour"], bins=48, range=(0, 24), density=True, histtype="step", label=name, color=colour)
        logs = np.log10(part["amount"].to_numpy())
        amounts.hist(logs, bins=70, range=(0, 5.7), density=True, histtype="step", label=name, color=colour)
        sizes = part.group_by("payee_vpa", "day").agg(pl.col("payer_vpa").n_unique())["payer_vpa"].sort()
        above = 1 - np.arange(len(sizes)) / len(sizes)
        fan_in.loglog(sizes, above, drawstyle="steps-post", label=name, color=colour)
    days = honest.group_by("day").len().sort("day")
    by_day.bar(days["day"], days["len"], color="tab:blue")
    by_hour.set(title="hour of the day (IST)", xlabel="hour", ylabel="density")
    by_day.set(title="honest payments by day", xlabel="day of the history")
    amounts.set(title="amount", xlabel="rupees, powers of ten", ylabel="density")
    fan_in.set(title="different payers of a payee in a day", xlabel="payers, at least", ylabel="share of payee-days")
    for axes in (by_hour, amounts, fan_in):
        axes.legend()
    return figure


def _draw_frauds(frame: pl.DataFrame) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_SIZE, layout="constrained")
    amounts, hours = figure.subplots(1, 2, sharey=True)
    names = [name for name in (*FRAUD_NAMES[1:], _HONEST) if name in set(frame["kind"])]
    parts = [frame.filter(pl.col("kind") == name) for name in names]
    colours = ["tab:red" if name != _HONEST else "tab:blue" for name in names]
    for axes, column in ((amounts, "amount"), (hours, "hour")):
        boxes = axes.boxplot(
            [part[column].to_numpy() for part in parts], orientation="horizontal", whis=(5, 95), showfliers=False,
            patch_artist=True, tick_labels=names, medianprops={"color": "black"},
        )  # fmt: skip
        for box, colour in zip(boxes["boxes"], colours, strict=True):
            box.set(facecolor=colour, alpha=0.5)
    amounts.set(title="amounts: middle half, 5th to 95th percentile", xscale="log", xlabel="rupees")
    hours.set(title="hour of the day (IST)", xlabel="hour", xlim=(0, 24))
    return figure
