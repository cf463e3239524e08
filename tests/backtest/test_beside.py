"""Two processes give what one gives, to the byte, and say the same of what is wrong."""

from __future__ import annotations

from multiprocessing import active_children
from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from backtest.__main__ import app
from backtest.beside import ReadingBeside
from backtest.plan import Plan
from features.errors import BacktestError, HistoryError

if TYPE_CHECKING:
    from pathlib import Path


def test_two_processes_write_the_same_bytes_as_one(history: Path, tmp_path: Path) -> None:
    """Numbers, decisions and page; bad rows, repeats and what only warms the tables are counted alike."""
    frame = pl.read_parquet(history)
    bad = frame.head(1).with_columns(transaction_id=pl.lit("bad"), amount=pl.lit(-1.0))
    odd = tmp_path / "odd.parquet"
    pl.concat([frame, bad, frame.head(40)]).write_parquet(odd)
    for processes in ("1", "2"):
        files = [f"--{name}={tmp_path / processes}.{name}" for name in ("json", "scores", "report")]
        options = ["--history", str(odd), "--from", "2025-01-04", "--processes", processes, *files]
        CliRunner().invoke(app, options, catch_exceptions=False)

    for name in ("json", "scores", "report"):
        one, two = ((tmp_path / f"{processes}.{name}").read_bytes() for processes in ("1", "2"))
        assert one == two, name
    assert '"bad_rows": 1' in (tmp_path / "2.json").read_text()


def test_a_history_that_cannot_be_read_is_refused_in_the_same_words(tmp_path: Path) -> None:
    """The error of the other process is this one's."""
    garbage = tmp_path / "garbage.parquet"
    garbage.write_bytes(b"no parquet")

    with pytest.raises(HistoryError, match="readable history"):
        list(ReadingBeside(Plan(garbage), None).batches())


def test_the_other_process_ends_when_nobody_asks_for_more(history: Path) -> None:
    """Closing half way leaves nothing behind."""
    batches = ReadingBeside(Plan(history), None).batches()
    next(batches)
    (other,) = active_children()
    batches.close()
    other.join(10)

    assert other.exitcode is not None


def test_a_killed_process_is_said_so(history: Path) -> None:
    """Half a history is never taken for a whole one."""
    batches = ReadingBeside(Plan(history), None).batches()
    next(batches)
    (other,) = active_children()
    other.kill()

    with pytest.raises(BacktestError, match="is there memory"):
        list(batches)
