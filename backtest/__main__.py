"""`python -m backtest` decides a history again, as live, and says what it was worth: JSON, scores and a page."""

from __future__ import annotations

import os
import sys

import typer

from backtest import options as ask  # noqa: TC001 - typer reads the annotations
from features.clock import HOUR_MS
from features.errors import BacktestError, PrahariError
from rules.parse import DEFAULT_RULES

app = typer.Typer(add_completion=False, help=__doc__)


@app.callback(invoke_without_command=True)
def backtest(  # noqa: PLR0917 - a command line has many options
    context: typer.Context,
    history: ask.History = None,
    model: ask.Model = None,
    since: ask.Since = None,
    until: ask.Until = None,
    rules: ask.Rules = DEFAULT_RULES,
    json: ask.Json = None,
    scores: ask.Scores = None,
    report: ask.Report = None,
    rate: ask.Rate = 0.005,
    partitions: ask.Partitions = 4,
    label_delay_hours: ask.LabelDelay = 72.0,
    recorded: ask.Order = None,
    cold: ask.Cold = True,
    stopped_share: ask.StoppedShare = 0.8,
    review_rupees: ask.ReviewRupees = 60.0,
    friction_rupees: ask.FrictionRupees = 40.0,
) -> None:
    """Decide a history again and say what it was worth."""
    if context.invoked_subcommand is not None:
        return
    if history is None:
        raise BacktestError("needed a history to replay, got none: give --history F")
    # Threads that spin while they wait take the cores from whatever else runs: LightGBM reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from backtest.commands import Files, run_backtest  # noqa: PLC0415 - heavy, and --help should not wait for it
    from backtest.plan import Assumptions, Plan  # noqa: PLC0415 - as above
    from models.console import read_time  # noqa: PLC0415 - as above

    span = read_time(since, "--from"), read_time(until, "--until")
    delay_ms = round(label_delay_hours * HOUR_MS)
    plan = Plan(history, *span, round(rate * 1_000_000), partitions, delay_ms, recorded=recorded)
    assumptions = Assumptions(stopped_share, review_rupees, friction_rupees)
    run_backtest(plan, model, rules, Files(json, scores, report), assumptions, cold=cold)


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"backtest: {error}")
