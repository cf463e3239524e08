"""What `what-if` does: decides a history in two ways, writes JSON and a page, prints the few numbers that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from backtest.commands import load_scorer
from backtest.markup import number, percent, rupees, share_text
from backtest.showing import show
from backtest.whatif import Side, compare
from backtest.whatif_page import render
from backtest.whatif_results import summarise
from features.errors import BacktestError

if TYPE_CHECKING:
    from pathlib import Path

    from backtest.commands import Files
    from backtest.plan import Assumptions, Plan


def run_what_if(
    before: tuple[Plan, Path | None, Path],
    after: tuple[Plan, Path | None, Path],
    files: Files,
    assumptions: Assumptions,
) -> dict[str, Any]:
    """Compare two plans with their models and rules, and return the numbers."""
    if before == after:
        raise BacktestError("needed two ways to decide, got one: give --new-rules, --new-model or --new-rate")
    files.check()
    sides = [Side(plan, load_scorer(model, rules)) for plan, model, rules in (before, after)]
    result = summarise(compare(*sides), assumptions)
    if not result["decided"]:
        raise BacktestError(f"needed payments to decide in {before[0].history}, got none: see --from and --until")
    if files.json is not None:
        files.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    files.page.write_text(render(result), encoding="utf-8")
    _say(result, files)
    return result


def _say(result: dict[str, Any], files: Files) -> None:
    sides = [result["before"], result["after"]]
    rows = [
        ("alerts", *(f"{number(side['alerts'])} of {number(side['limit'])}" for side in sides)),
        ("frauds caught", *(f"{number(side['caught'])} of {number(side['frauds'])}" for side in sides)),
        ("precision", *(share_text(side["precision"]) for side in sides)),
        ("recall", *(share_text(side["recall"]) for side in sides)),
        ("net", *(rupees(side["net_rupees"]) for side in sides)),
    ]
    gained, lost, displaced = (result["alerts"][name] for name in ("gained", "lost", "displaced"))
    title = (
        f"alerts +{number(gained['alerts'])} -{number(lost['alerts'])} ({number(displaced['alerts'])} displaced), "
        f"frauds +{number(gained['frauds'])} -{number(lost['frauds'])}, overlap {percent(result['overlap'])}; "
        f"written: {', '.join(str(path) for path in (files.page, files.json) if path is not None)}"
    )
    show(("", "before", "after"), rows, title)
