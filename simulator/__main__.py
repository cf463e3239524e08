"""`python -m simulator history` writes a seeded history, `stream` sends to Kafka, `describe` shows a history."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from features.errors import PrahariError
from simulator import commands
from simulator.almanac import Span
from simulator.faults import Faults
from simulator.history import HistoryPlan
from simulator.live import LivePlan

app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)

Seed = Annotated[int, typer.Option(help="The world: one seed, one population, whatever else is asked for.")]
Prevalence = Annotated[float, typer.Option(help="Share of payments that are fraud; 0.0005 is a realistic rate.")]
LabelDelay = Annotated[float, typer.Option(help="Hours from a payment to its verdict.")]
Late = Annotated[float, typer.Option(help="Share that arrives minutes to weeks after its event time.")]
Duplicate = Annotated[float, typer.Option("--duplicate", help="Share that arrives twice; a tenth of these differ.")]
OutOfOrder = Annotated[float, typer.Option(help="Share that arrives seconds after its turn.")]
Corrupt = Annotated[float, typer.Option(help="Share that is broken.")]
Start = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, in India.")]
Recent = Annotated[bool, typer.Option("--recent", help="End yesterday, whatever --start: live payments go on from it.")]


@app.command()
def history(  # noqa: PLR0917 - a command line has many options
    out: Annotated[Path, typer.Option(help="File to write: .parquet, .csv, .jsonl.")],
    transactions: Annotated[int, typer.Option(help="How many payments.")] = 100_000,
    days: Annotated[int, typer.Option(help="Over how many days.")] = 30,
    seed: Seed = 1,
    prevalence: Prevalence = 0.036,
    start: Start = datetime(2025, 1, 1, tzinfo=UTC),
    recent: Recent = False,
    label_delay_hours: LabelDelay = 72.0,
    people: Annotated[int | None, typer.Option(help="People; unless given, as many as pay 0.6 times a day.")] = None,
    emerging: Annotated[str | None, typer.Option(help="A fraud that nobody commits before --emerging-day.")] = None,
    emerging_day: Annotated[int, typer.Option(help="Day, from 0, on which --emerging begins.")] = 0,
    late: Late = 0.0,
    duplicate: Duplicate = 0.0,
    out_of_order: OutOfOrder = 0.0,
    corrupt: Corrupt = 0.0,
) -> None:
    """Write a seeded history of payments with verdicts: the same bytes each time."""
    first_day = commands.today() - days if recent else (start.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    span = Span(first_day, days)
    plan = HistoryPlan(transactions, span, seed, prevalence, people, emerging, emerging_day)
    commands.write(plan, out, Faults(late, duplicate, out_of_order, corrupt), label_delay_hours)


@app.command()
def stream(  # noqa: PLR0917 - as above
    rate: Annotated[float, typer.Option(min=0.0, help="Payments a second; 0 is as fast as it goes.")],
    history: Annotated[Path | None, typer.Option(exists=True, help="Send this file instead of a living world.")] = None,
    bootstrap: Annotated[str | None, typer.Option(help="host:port; else BROKER_URL, else localhost:9092.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Topic prefix; else PRAHARI_TOPIC_PREFIX.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.")] = None,
    transactions: Annotated[int | None, typer.Option(help="Stop after so many payments.")] = None,
    seed: Seed = 1,
    people: Annotated[
        int, typer.Option(help="People of the living world; a history of that seed knows the first ones.")
    ] = 15_000,
    prevalence: Prevalence = 0.036,
    case_seconds: Annotated[float, typer.Option(help="How long a fraud case may last in the living world.")] = 60.0,
    keep_times: Annotated[bool, typer.Option("--keep-times/--now", help="Whether a history keeps its times.")] = True,
    labels: Annotated[
        bool, typer.Option("--labels/--no-labels", help="Send a history's verdicts when they are due.")
    ] = True,
    label_delay_hours: LabelDelay = 72.0,
    truth: Annotated[Path | None, typer.Option(help="Write what is true of each payment sent, as JSON Lines.")] = None,
    compression: Annotated[str | None, typer.Option(help="none unless given: lz4, gzip, snappy, zstd.")] = None,
    late: Late = 0.0,
    duplicate: Duplicate = 0.0,
    out_of_order: OutOfOrder = 0.0,
    corrupt: Corrupt = 0.0,
) -> None:
    """Send payments to the topic `transactions` (and a history's verdicts to `labels`) at a steady rate."""
    with_labels = labels and history is not None
    wishes = commands.StreamWishes(rate, bootstrap, prefix, seconds, transactions, truth, compression, with_labels)
    faults = Faults(late, duplicate, out_of_order, corrupt)
    if history is None:
        plan = LivePlan(seed, 0, rate, people, prevalence, case_seconds)
        commands.stream_live(plan, wishes, faults)
    else:
        commands.stream_history(history, wishes, faults, seed, now=not keep_times, label_delay_hours=label_delay_hours)


@app.command()
def describe(
    history: Annotated[Path, typer.Option(exists=True, help="A history made by this simulator.")],
    pictures: Annotated[Path | None, typer.Option(file_okay=False, help="Folder for two PNG files.")] = None,
) -> None:
    """Print what a history holds as a Markdown table, and draw it."""
    commands.show(history, pictures)


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"simulator: {error}")
