"""`python -m benchmarks` measures everything briefly; `--full` at the sizes of docs/performance.md; each command alone.

Results go to benchmarks/results. Leave the machine alone meanwhile: everything runs on its cores, the broker too.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from benchmarks import commands
from benchmarks.engines.run import NAMES as ENGINE_NAMES
from features.errors import PrahariError

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)

Transactions = Annotated[list[int], typer.Option("--transactions", help="Payments in the backlog; several, in turn.")]
WorkerCounts = Annotated[list[int], typer.Option("--workers", help="Workers; several: each in turn.")]
BacklogRate = Annotated[float, typer.Option("--rate", help="Payments per second of event time in the backlog.")]
Rates = Annotated[list[float], typer.Option("--rate", help="Payments a second; several, in turn.")]
Seconds = Annotated[float, typer.Option(help="How long each rate is held, after five seconds that do not count.")]
Workers = Annotated[int, typer.Option(help="Workers.")]
Accounts = Annotated[int, typer.Option(help="Accounts on disk, 7 payers to 3 payees.")]
Payments = Annotated[int, typer.Option(help="Payments after that, 95 % of them to one payee.")]


@app.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="At full size; takes most of an hour.")] = False,
) -> None:
    """Measure everything when no command is given."""
    if context.invoked_subcommand is not None:
        return
    sizes = [100_000, 500_000, 2_000_000] if full else [100_000]
    accounts, payments = (1_000_000, 1_060_000) if full else (100_000, 200_000)
    commands.measure_drain(sizes, [1, 2])
    commands.measure_steady([500.0, 2_000.0, 5_000.0], 60.0 if full else 10.0, 1)
    commands.measure_score([200.0], 60.0 if full else 10.0)
    commands.measure_state(accounts, payments)
    commands.measure_recovery(accounts)
    commands.measure_stages(500_000 if full else 100_000)


@app.command()
def drain(
    transactions: Transactions = [100_000],  # noqa: B006 - typer only reads defaults
    workers: WorkerCounts = [1],  # noqa: B006 - as above
    rate: BacklogRate = commands.BACKLOG_RATE,
) -> None:
    """Payments a second, CPU and memory while a backlog drains."""
    commands.measure_drain(transactions, workers, rate)


@app.command()
def steady(
    rate: Rates = [500.0, 2_000.0, 5_000.0],  # noqa: B006 - as above
    seconds: Seconds = 30.0,
    workers: Workers = 1,
) -> None:
    """Latency from produce to decision and to alert at fixed rates."""
    commands.measure_steady(rate, seconds, workers)


@app.command()
def score(
    rate: Rates = [200.0],  # noqa: B006 - as above
    seconds: Seconds = 60.0,
) -> None:
    """Latency of `POST /score` at fixed rates, from one worker."""
    commands.measure_score(rate, seconds)


@app.command()
def state(accounts: Accounts = 1_000_000, payments: Payments = 1_060_000) -> None:
    """Cost and memory with all accounts on disk while one payee takes nearly everything."""
    commands.measure_state(accounts, payments)


@app.command()
def recovery(accounts: Accounts = 1_000_000) -> None:
    """Changelog records a second, and time to ready, after a wiped datadir."""
    commands.measure_recovery(accounts)


@app.command()
def stages(
    transactions: Annotated[int, typer.Option(help="Payments in the backlog.")] = 500_000,
) -> None:
    """Where a worker's CPU goes, part by part, while a backlog drains."""
    commands.measure_stages(transactions)


@app.command()
def engines(
    names: Annotated[list[str] | None, typer.Argument(help="Which, in turn; all unless named.")] = None,
    transactions: Annotated[int, typer.Option(help="Payments in the backlog.")] = 200_000,
    workers: Workers = 1,
) -> None:
    """Prahari beside others with a lighter job, on one broker and one load.

    They are prahari, kafka-streams, flink, flink-rocksdb, bytewax, quix and faust.
    """
    commands.measure_engines(names or list(ENGINE_NAMES), transactions, workers)


@app.command()
def engines_steady(
    names: Annotated[list[str] | None, typer.Argument(help="Which, in turn; all but faust unless named.")] = None,
    rate: Rates = [2_000.0, 500.0],  # noqa: B006 - as above
    seconds: Seconds = 15.0,
) -> None:
    """Latency from produce to decision at fixed rates, of the engines of `engines`."""
    commands.measure_engines_steady(names or [one for one in ENGINE_NAMES if one != "faust"], rate, seconds)


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"benchmarks: {error}")
