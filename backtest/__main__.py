"""`python -m backtest` decides a history again, as live, and says what it was worth: JSON, scores and a page."""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from features.clock import HOUR_MS
from features.errors import BacktestError, PrahariError
from rules.parse import DEFAULT_RULES

app = typer.Typer(add_completion=False, help=__doc__)

_TIME = "RFC 3339, YYYY-MM-DD (midnight in India) or epoch milliseconds."


@app.callback(invoke_without_command=True)
def backtest(  # noqa: PLR0917 - a command line has many options
    context: typer.Context,
    history: Annotated[Path | None, typer.Option(help="History file: .parquet, .csv, .jsonl.")] = None,
    model: Annotated[Path | None, typer.Option(help="Artifact of `models train`; without one rules alone.")] = None,
    since: Annotated[str | None, typer.Option("--from", help=f"Earlier payments only warm the tables. {_TIME}")] = None,
    until: Annotated[str | None, typer.Option(help=f"Payments from here on are left out. {_TIME}")] = None,
    rules: Annotated[Path, typer.Option(help="Rules in force.")] = DEFAULT_RULES,
    json: Annotated[Path | None, typer.Option(help="Write the numbers here.")] = None,
    scores: Annotated[Path | None, typer.Option(help="Write every decision with its features here, Parquet.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the page here; else beside --json, else to backtest.html.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.0, max=1.0, help="Alerts per payment of a day, at most.")] = 0.005,
    partitions: Annotated[int, typer.Option(min=1, help="Payee partitions of the deployment.")] = 4,
    label_delay_hours: Annotated[
        float, typer.Option(min=0.0, help="Hours from a payment to its label, where the file has no label_time.")
    ] = 72.0,
    cold: Annotated[
        bool, typer.Option("--cold/--no-cold", help="With --from: also run as if nothing were known before.")
    ] = True,
    stopped_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of a fraud's amount, by an alert.")] = 0.8,
    review_rupees: Annotated[float, typer.Option(min=0.0, help="Cost of reviewing an alert.")] = 60.0,
    friction_rupees: Annotated[float, typer.Option(min=0.0, help="Further cost of a false alarm.")] = 40.0,
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

    plan = Plan(
        history,
        read_time(since, "--from"),
        read_time(until, "--until"),
        round(rate * 1_000_000),
        partitions,
        round(label_delay_hours * HOUR_MS),
    )
    files = Files(json, scores, report)
    run_backtest(plan, model, rules, files, Assumptions(stopped_share, review_rupees, friction_rupees), cold=cold)


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"backtest: {error}")
