"""What a look at a history tells before training: counted by hand on small files that are odd in known ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from features.clock import DAY_MS, HOUR_MS
from models.survey import survey, write_set_aside
from tests.models.test_train import START_MS, make_history

if TYPE_CHECKING:
    from pathlib import Path


def told(path: Path, until_ms: int | None = None) -> str:
    """Return the report of a file."""
    return "\n".join(survey(path, label_delay_ms=72 * HOUR_MS, until_ms=until_ms).lines())


def test_an_ordinary_history_is_told_without_warnings(tmp_path: Path) -> None:
    """Accounts, amounts, labels and how long they take."""
    path = tmp_path / "h.parquet"
    make_history(path, days=4)
    report = told(path)

    assert "1,200 rows of 40 payers and 123 payees" in report
    assert "labels: 120 fraud, 1,080 not, 0 unknown; they come after 48 h" in report
    assert "optional fields: none" in report
    assert "warning" not in report


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    """Rows out of order, labels that come at once, days without a fraud between others, rows that cannot be used."""
    path = tmp_path / "h.csv"
    frame = make_history(tmp_path / "h.parquet", days=6)
    bare = pl.col("event_time").is_between(START_MS + 2 * DAY_MS, START_MS + 3 * DAY_MS - 1)
    odd = frame.with_columns(
        is_fraud=pl.when(bare).then(0).otherwise("is_fraud"),
        label_time=pl.when(bare).then("event_time").otherwise("label_time"),
        amount=pl.when(pl.col("transaction_id").is_in(["t5", "t7"])).then(-1.0).otherwise("amount"),
        status=pl.when(bare).then(pl.lit("FAILED")),
    )
    pl.concat([odd.slice(100), odd.slice(0, 100)]).write_csv(path)
    seen = survey(path, label_delay_ms=0, until_ms=None)
    report = "\n".join(seen.lines())

    assert "98 rows stand behind later ones" in report
    assert "300 labels come within an hour" in report
    assert "no fraud is labelled on 1 day between others (2025-01-03)" in report
    assert "2 rows set aside: amount in rupees, above 0, with 2 decimals was needed" in report
    assert "optional fields: status 17%" in report
    write_set_aside(tmp_path / "aside.csv", seen)
    assert pl.read_csv(tmp_path / "aside.csv")["row"].to_list() == [1706, 1708]


def test_nothing_later_than_until_is_looked_at(tmp_path: Path) -> None:
    """Neither payments nor labels."""
    path, other = tmp_path / "h.parquet", tmp_path / "other.parquet"
    until_ms = START_MS + 3 * DAY_MS
    frame = make_history(path, days=5)
    later = pl.col("event_time") >= until_ms
    frame.with_columns(
        amount=pl.when(later).then(5e6).otherwise("amount"),
        is_fraud=pl.when(pl.col("label_time") > until_ms).then(1).otherwise("is_fraud"),
    ).write_parquet(other)

    assert told(path, until_ms) == told(other, until_ms)
    assert "299 unknown" not in told(path)
    assert "599 unknown" in told(path, until_ms)


def test_a_file_of_nothing_usable_is_told(tmp_path: Path) -> None:
    """No rows, and why."""
    path = tmp_path / "h.parquet"
    make_history(path, days=1).with_columns(payer_vpa=pl.lit("nobody")).write_parquet(path)

    assert told(path) == "no row can be used\n300 rows set aside: payer_vpa as name@handle was needed"
