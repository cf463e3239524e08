"""The command writes the numbers, the decisions and a page that needs nothing beside it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from backtest.__main__ import app
from features.errors import BacktestError, HistoryError
from features.vector import FEATURE_NAMES

if TYPE_CHECKING:
    from pathlib import Path

TITLES = (
    *("Day by day", "At the budget", "Precision and recall", "Threshold over time", "By kind of fraud", "Money"),
    *("Until an account", "hindsight", "Warm and cold", "Worst false alarms", "Worst misses"),
)


def backtest(history: Path, *options: str) -> str:
    """Run the command; return what it prints."""
    done = CliRunner().invoke(app, ["--history", str(history), *options], catch_exceptions=False)
    if isinstance(done.exception, Exception):
        raise done.exception
    return done.output


@pytest.fixture(scope="module")
def outputs(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a backtest that was warmed up for three days."""
    tmp_path: Path = tmp_path_factory.mktemp("outputs")
    files = ["--json", str(tmp_path / "b.json"), "--scores", str(tmp_path / "s.parquet")]
    backtest(history, "--from", "2025-01-04", "--rate", "0.02", *files)
    return tmp_path


def test_the_scores_file_has_every_decision_with_its_features(outputs: Path, history: Path) -> None:
    """One row a payment from --from on, in order, with the columns promised and every feature."""
    scores = pl.read_parquet(outputs / "s.parquet")

    promised = {"transaction_id", "event_time", "score", "risk", "alerted", "is_fraud", *FEATURE_NAMES}
    assert promised <= set(scores.columns)
    wanted = pl.read_parquet(history).filter(pl.col("event_time") >= "2025-01-04").sort("event_time")
    assert scores["transaction_id"].to_list() == wanted["transaction_id"].to_list()
    assert scores["is_fraud"].to_list() == wanted["is_fraud"].to_list()
    assert scores["amount_rupees"].to_list() == wanted["amount"].to_list()
    assert scores["score"].null_count() == len(scores)


def test_the_json_agrees_with_the_scores(outputs: Path) -> None:
    """Alerts, catches and the confusion matrix are those of the decisions written."""
    result = json.loads((outputs / "b.json").read_text())
    scores = pl.read_parquet(outputs / "s.parquet")

    alerted = scores.filter(pl.col("alerted"))
    assert result["overall"]["alerts"] == len(alerted) <= result["overall"]["limit"]
    assert result["overall"]["caught"] == alerted["is_fraud"].sum() == result["confusion"]["alerted_fraud"]
    assert math.isclose(result["overall"]["precision"]["value"], int(alerted["is_fraud"].sum()) / len(alerted))
    assert sum(result["confusion"].values()) == len(scores)
    assert sum(day["seen"] for day in result["days"]) == len(scores)
    assert result["overall"]["recall"]["value"] <= result["overall"]["recall_ceiling"]
    assert result["cold"]["seen"] == len(scores)
    assert sum(kind["frauds"] for kind in result["by_type"]) == result["overall"]["frauds"]


def test_the_page_is_whole_in_itself(outputs: Path) -> None:
    """No script, no other file, no network; every section is there, and VPAs are masked."""
    page = (outputs / "b.html").read_text()

    assert not any(word in page for word in ("<script", " src=", "<link", "@import"))
    for title in TITLES:
        assert title in page
    assert page.count("<svg") >= 7
    assert "***@" in page


def test_the_same_backtest_gives_the_same_bytes(outputs: Path, history: Path, tmp_path: Path) -> None:
    """JSON and page depend on history, model, rules and options alone."""
    before = [(outputs / name).read_bytes() for name in ("b.json", "b.html", "s.parquet")]
    backtest(history, "--from", "2025-01-04", "--rate", "0.02", "--json", str(tmp_path / "b.json"), "--scores",
             str(tmp_path / "s.parquet"))  # fmt: skip

    assert before == [(tmp_path / name).read_bytes() for name in ("b.json", "b.html", "s.parquet")]


def test_an_unlabelled_history_replays_too(history: Path, tmp_path: Path) -> None:
    """Without a verdict there are alerts, and nothing that would judge them."""
    pl.read_parquet(history).drop("is_fraud", "label_time", "fraud_type").write_parquet(tmp_path / "h.parquet")

    backtest(tmp_path / "h.parquet", "--json", str(tmp_path / "b.json"))

    result = json.loads((tmp_path / "b.json").read_text())
    assert result["overall"]["alerts"] > 0
    assert result["overall"]["precision"] is None
    assert result["precision_recall"] is None
    assert result["confusion"]["alerted_without_verdict"] == result["overall"]["alerts"]


def test_what_cannot_be_run_is_said_before_any_work(history: Path, tmp_path: Path) -> None:
    """No history, an empty span and a missing folder end with what to do."""
    with pytest.raises(BacktestError, match="give --history"):
        CliRunner().invoke(app, [], catch_exceptions=False)
    with pytest.raises(BacktestError, match="see --from"):
        backtest(history, "--from", "2030-01-01", "--report", str(tmp_path / "r.html"))
    with pytest.raises(BacktestError, match="existing folder"):
        backtest(history, "--json", str(tmp_path / "no" / "b.json"))
    with pytest.raises(HistoryError, match="parquet"):
        backtest(tmp_path / "h.txt", "--report", str(tmp_path / "r.html"))
