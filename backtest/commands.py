"""What the command does: runs, writes its three files, and prints the few numbers that matter."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from rich.console import Console

from backtest.markup import number, percent, rupees, share_text
from backtest.page import render
from backtest.results import overall, summarise
from backtest.run import Outcome, run
from backtest.scores import ScoresFile
from backtest.telling import tell_cases
from features.errors import BacktestError
from models import artifact
from models.scoring import Scorer
from rules.parse import load_rules

if TYPE_CHECKING:
    from backtest.plan import Assumptions, Plan

DEFAULT_REPORT = Path("backtest.html")


class Files(NamedTuple):
    """What to write, and where."""

    json: Path | None
    scores: Path | None
    report: Path | None

    @property
    def page(self) -> Path:
        """Where the page goes: as told, else beside the JSON, else into the working folder."""
        if self.report is not None:
            return self.report
        return self.json.with_suffix(".html") if self.json is not None else DEFAULT_REPORT

    def check(self) -> None:
        """Raise `BacktestError` before any work if a folder is missing."""
        for path in (self.json, self.scores, self.page):
            if path is not None and not path.resolve().parent.is_dir():
                raise BacktestError(f"needed an existing folder for {path.name}, got {path.parent}: create it")


def load_scorer(model: Path | None, rules: Path) -> Scorer:
    """Return rules and model; raises `RulesError` or `ArtifactMismatch`."""
    return Scorer(load_rules(rules), None if model is None else artifact.load(model))


def run_backtest(
    plan: Plan, model: Path | None, rules: Path, files: Files, assumptions: Assumptions, *, cold: bool
) -> dict[str, Any]:
    """Run a plan, write the files asked for, print a summary, and return the numbers."""
    files.check()
    scorer = load_scorer(model, rules)
    with ExitStack() as stack:
        watchers = [] if files.scores is None else [stack.enter_context(ScoresFile(files.scores)).add]
        outcome = run(plan, scorer, *watchers)
    if not outcome.decided:
        raise BacktestError(f"needed payments to decide in {plan.history}, got none: see --from and --until")
    result = summarise(outcome, assumptions) | tell_cases(outcome)
    if cold and outcome.warmed and plan.since_ms is not None:
        result["cold"] = overall(run(replace(plan, warm=False, recorded=False), scorer).days.sums)
    if files.json is not None:
        files.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    files.page.write_text(render(result), encoding="utf-8")
    _say(outcome, result, files)
    return result


def _say(outcome: Outcome, result: dict[str, Any], files: Files) -> None:
    console = Console(highlight=False, soft_wrap=True)
    numbers, money = result["overall"], result["money"]
    lines = [
        f"{number(outcome.decided)} payments on {numbers['days']} days decided, {number(outcome.warmed)} before them",
        f"alerts: {number(numbers['alerts'])} of {number(numbers['limit'])} allowed",
        f"frauds caught: {number(numbers['caught'])} of {number(numbers['frauds'])}",
        f"precision: {share_text(numbers['precision'])}",
        f"recall: {share_text(numbers['recall'])}, of a possible {percent(numbers['recall_ceiling'])}",
        f"regret against hindsight under the same limit: {percent(result['oracle']['regret'])}",
        f"saved: {rupees(money['saved_rupees'])}, net {rupees(money['net_rupees'])}",
        "written: " + ", ".join(str(path) for path in (files.page, files.json, files.scores) if path is not None),
    ]
    for line in lines:
        console.print(line, markup=False)
