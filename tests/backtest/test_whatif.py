"""Two ways to decide one history: what is counted is what two separate backtests say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from typer.testing import CliRunner

from backtest.__main__ import app
from backtest.decide import Decider
from backtest.plan import Plan
from backtest.whatif import Side, WhatIf, compare
from features.errors import BacktestError
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules

if TYPE_CHECKING:
    from pathlib import Path

RATE_PPM = 20_000


@pytest.fixture(scope="module")
def other_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give rules without the first one of those in force."""
    text = DEFAULT_RULES.read_text()
    head, first, *rest = text.split("\n  - id: ")
    path: Path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text("\n  - id: ".join([head, *rest]))
    assert first
    return path


def decided(history: Path, rules: Path, rate_ppm: int) -> dict[str, tuple[bool, int, int]]:
    """Return alert, bucket and verdict of each payment, as a backtest of its own decides them."""
    plan, scorer = Plan(history, rate_ppm=rate_ppm), Scorer(load_rules(rules), None)
    return {
        row.transaction.transaction_id: (bool(alerted), int(bucket), int(fraud))
        for block in Decider(plan, scorer).blocks()
        for row, alerted, bucket, fraud in zip(block.rows, block.alerted, block.buckets, block.frauds, strict=True)
    }


def compared(history: Path, other: Path, rate_ppm: int = RATE_PPM) -> WhatIf:
    """Compare the rules in force with others."""
    return compare(
        Side(Plan(history, rate_ppm=RATE_PPM), Scorer(load_rules(DEFAULT_RULES), None)),
        Side(Plan(history, rate_ppm=rate_ppm), Scorer(load_rules(other), None)),
    )


@pytest.mark.parametrize("rate_ppm", [RATE_PPM, 2 * RATE_PPM])
def test_what_changes_is_what_two_backtests_differ_in(history: Path, other_rules: Path, rate_ppm: int) -> None:
    """Alerts and frauds gained, lost, kept, displaced and promoted, against sets of ids."""
    one, two = decided(history, DEFAULT_RULES, RATE_PPM), decided(history, other_rules, rate_ppm)
    sorts = {
        "both": {key for key in one if one[key][0] and two[key][0]},
        "gained": {key for key in one if two[key][0] and not one[key][0]},
        "lost": {key for key in one if one[key][0] and not two[key][0]},
    }
    sorts["displaced"] = {key for key in sorts["lost"] if two[key][1] >= one[key][1]}
    sorts["promoted"] = {key for key in sorts["gained"] if two[key][1] <= one[key][1]}

    found = compared(history, other_rules, rate_ppm)

    for name, ids in sorts.items():
        alerts = getattr(found.differences, name)
        assert (alerts.alerts, alerts.frauds) == (len(ids), sum(one[key][2] == 1 for key in ids)), name
    assert sorts["gained"]
    assert sorts["lost"] or rate_ppm > RATE_PPM
    assert found.differences.scored_apart == sum(one[key][1] != two[key][1] for key in one)
    assert found.before.groups.rules.keys() - found.after.groups.rules.keys()


def test_a_side_beside_itself_changes_nothing(history: Path) -> None:
    """The same rules and rate alert the same payments."""
    found = compared(history, DEFAULT_RULES)

    assert found.differences.both.alerts == sum(day.alerts for day in found.before.days.sums.values()) > 0
    assert found.differences.gained.alerts == found.differences.lost.alerts == found.differences.scored_apart == 0


def what_if(history: Path, *options: str) -> Any:
    """Run the command."""
    return CliRunner().invoke(app, ["what-if", "--history", str(history), *options], catch_exceptions=False)


def test_the_command_writes_numbers_and_a_page(history: Path, other_rules: Path, tmp_path: Path) -> None:
    """The JSON adds up, the page needs nothing beside it, and running it again gives the same bytes."""
    options = ["--rate", "0.02", "--new-rules", str(other_rules), "--from", "2025-01-03", "--json"]
    for name in ("a", "b"):
        assert what_if(history, *options, str(tmp_path / f"{name}.json")).exit_code == 0

    result = json.loads((tmp_path / "a.json").read_text())
    alerts = result["alerts"]
    assert result["before"]["alerts"] == alerts["both"]["alerts"] + alerts["lost"]["alerts"]
    assert result["after"]["alerts"] == alerts["both"]["alerts"] + alerts["gained"]["alerts"]
    assert result["caught_change"] == result["after"]["caught"] - result["before"]["caught"]
    assert result["decided"] == len(pl.read_parquet(history).filter(pl.col("event_time") >= "2025-01-03"))
    page = (tmp_path / "a.html").read_text()
    assert not any(word in page for word in ("<script", " src=", "<link", "@import"))
    assert all(title in page for title in ("Side by side", "Alerts", "Rules", "Frauds gained", "Frauds lost"))
    assert [(tmp_path / f"a.{kind}").read_bytes() for kind in ("json", "html")] == [
        (tmp_path / f"b.{kind}").read_bytes() for kind in ("json", "html")
    ]


def test_two_equal_ways_are_refused_before_any_work(history: Path) -> None:
    """Without anything new there is nothing to compare."""
    with pytest.raises(BacktestError, match="--new-rules"):
        what_if(history)
