"""What-if figures are those of two backtests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backtest.plan import Plan
from backtest.run import run as run_backtest
from models.scoring import Scorer
from rules import load_rules
from rules.parse import DEFAULT_RULES
from simulator.writer import write_history
from tests.prahari.test_command_line import run
from tests.simulator.making import make

if TYPE_CHECKING:
    from pathlib import Path


def counts(rule: dict[str, Any], side: str) -> dict[str, int]:
    """Return a rule's counts before or after."""
    return {name: rule[name][side] for name in ("hits", "frauds", "alerts", "caught")}


def test_figures_are_those_of_a_backtest_under_each_file(tmp_path: Path) -> None:
    """A lower threshold hits more, a rule that is new has no figures before, and both columns are a backtest's."""
    history, changed = tmp_path / "history.parquet", tmp_path / "changed.yaml"
    write_history(make(3_000, 10, 3).frame, history)
    text = DEFAULT_RULES.read_text().replace("value: 4}", "value: 2}", 1).replace("id: LATE_NIGHT", "id: DARK_NIGHT")
    changed.write_text(text)
    done = run("rules", "what-if", changed, "--history", history, "--against", DEFAULT_RULES, "--json")
    told = {rule["id"]: rule for rule in json.loads(done.stdout)["rules"]}

    assert told["PAYER_VELOCITY"]["hits"]["after"] > told["PAYER_VELOCITY"]["hits"]["before"]
    assert (told["DARK_NIGHT"]["hits"]["before"], told["LATE_NIGHT"]["hits"]["after"]) == (None, None)
    for file, side in ((DEFAULT_RULES, "before"), (changed, "after")):
        groups = run_backtest(Plan(history), Scorer(load_rules(file), None)).groups
        for rule_id, count in groups.rules.items():
            expected = {name: getattr(count, name) for name in ("hits", "frauds", "alerts", "caught")}
            assert counts(told[rule_id], side) == expected, rule_id


def test_a_span_without_payments_is_said(tmp_path: Path) -> None:
    """Not a table of zeros."""
    history = tmp_path / "history.parquet"
    write_history(make(300, 3, 3).frame, history)
    done = run(
        "rules", "what-if", DEFAULT_RULES, "--history", history, "--against", DEFAULT_RULES, "--from", "2031-01-01"
    )

    assert done.returncode == 1
    assert done.stderr.startswith("prahari: needed payments to decide in ")
