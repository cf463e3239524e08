"""`python -m benchmarks` measures everything briefly; each command alone measures it at length: `--help`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from benchmarks.commands import measure_drain
from features.errors import PrahariError

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)

Transactions = Annotated[list[int], typer.Option("--transactions", help="How many payments; several: one run each.")]
Workers = Annotated[list[int], typer.Option("--workers", help="How many workers; several: one run each.")]
Rate = Annotated[float, typer.Option(help="Payments per second of event time in the backlog.")]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Measure everything briefly when no command is given."""
    if context.invoked_subcommand is None:
        measure_drain([100_000], [1], 8_000.0)


@app.command()
def drain(transactions: Transactions = [100_000], workers: Workers = [1], rate: Rate = 8_000.0) -> None:  # noqa: B006 - typer reads defaults
    """Payments a second, CPU and memory while a backlog drains."""
    measure_drain(transactions, workers, rate)


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"benchmarks: {error}")
