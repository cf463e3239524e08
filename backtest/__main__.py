"""`python -m backtest` decides a history again, as live, and says what it was worth: JSON, scores and a page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from backtest import options as ask  # noqa: TC001 - typer reads the annotations
from backtest.showing import show
from features.clock import HOUR_MS
from features.errors import BacktestError, PrahariError
from rules.parse import DEFAULT_RULES

# What `regret` measures unless told.
PAYMENTS, PREVALENCE = [40_000], [0.036]

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
    processes: ask.Processes = 2,
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
    plan = Plan(history, *span, round(rate * 1_000_000), partitions, delay_ms, recorded=recorded, processes=processes)
    assumptions = Assumptions(stopped_share, review_rupees, friction_rupees)
    run_backtest(plan, model, rules, Files(json, scores, report), assumptions, cold=cold)


@app.command(name="what-if")
def what_if(  # noqa: PLR0917 - a command line has many options
    history: ask.Given,
    model: ask.Model = None,
    rules: ask.Rules = DEFAULT_RULES,
    rate: ask.Rate = 0.005,
    new_model: ask.NewModel = None,
    new_rules: ask.NewRules = None,
    new_rate: ask.NewRate = None,
    since: ask.Since = None,
    until: ask.Until = None,
    json: ask.Json = None,
    report: ask.Report = None,
    partitions: ask.Partitions = 4,
    label_delay_hours: ask.LabelDelay = 72.0,
    recorded: ask.Order = None,
    processes: ask.Processes = 2,
    stopped_share: ask.StoppedShare = 0.8,
    review_rupees: ask.ReviewRupees = 60.0,
    friction_rupees: ask.FrictionRupees = 40.0,
) -> None:
    """Decide a history in two ways, as now and with new rules, model or rate, and say what changes."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from backtest.commands import Files  # noqa: PLC0415 - heavy, and --help should not wait for it
    from backtest.plan import Assumptions, Plan  # noqa: PLC0415 - as above
    from backtest.whatif_command import run_what_if  # noqa: PLC0415 - as above
    from models.console import read_time  # noqa: PLC0415 - as above

    span = read_time(since, "--from"), read_time(until, "--until")
    delay_ms = round(label_delay_hours * HOUR_MS)
    plans = [
        Plan(history, *span, round(one * 1_000_000), partitions, delay_ms, recorded=recorded, processes=processes)
        for one in (rate, rate if new_rate is None else new_rate)
    ]
    page = report or (None if json is not None else Path("what-if.html"))
    run_what_if(
        (plans[0], model, rules),
        (plans[1], new_model or model, new_rules or rules),
        Files(json, None, page),
        Assumptions(stopped_share, review_rupees, friction_rupees),
    )


@app.command()
def regret(  # noqa: PLR0917 - a command line has many options
    payments: Annotated[list[int], typer.Option(min=1_000, help="Payments a day; repeat for more columns.")] = PAYMENTS,
    prevalence: Annotated[
        list[float], typer.Option(min=0.0001, max=0.2, help="Share of frauds; repeat for more columns.")
    ] = PREVALENCE,
    seeds: Annotated[int, typer.Option(min=1, help="How many of each kind of day.")] = 4,
    first_seed: Annotated[int, typer.Option(help="Seeds count up from here.")] = 1,
    processes: Annotated[int, typer.Option(min=1, help="How many days at once.")] = 1,
    json: ask.Json = None,
) -> None:
    """Simulate days, ordinary and adversarial, and say how much the budget misses of what hindsight would catch."""
    from backtest.regret import measure_grid  # noqa: PLC0415 - heavy, and --help should not wait for it
    from backtest.regret_table import as_json, head_of, rows_of  # noqa: PLC0415 - as above

    grid = measure_grid(payments, prevalence, range(first_seed, first_seed + seeds), processes)
    show(
        head_of(grid),
        rows_of(grid),
        f"Regret, in brackets that of the worst of {seeds} seeds, and what hindsight catches",
    )
    if json is not None:
        json.write_bytes(orjson.dumps(as_json(grid), option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"backtest: {error}")
