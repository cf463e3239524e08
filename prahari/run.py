"""Commands that become another program of ours: worker, warm-up, erase, broker and demo, in this process's place."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from features.errors import HistoryError

if TYPE_CHECKING:
    from typing import NoReturn

_FAUST = ("faust", "-A", "app.main")


def _app() -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode="markdown")


worker, warm_up, erase, broker, demo = _app(), _app(), _app(), _app(), _app()

DataDir = Annotated[
    Path | None, typer.Option(file_okay=False, help="Where it keeps its tables; else APP_DATADIR, else prahari-data.")
]


@worker.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def run_worker(
    context: typer.Context,
    data: DataDir = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port of its web views; else WEB_PORT, else 6066.")
    ] = None,
    loglevel: Annotated[
        Literal["crit", "error", "warn", "info", "debug"], typer.Option("--loglevel", "-l", help="How much it logs.")
    ] = "info",
) -> None:
    """Run a worker, until Ctrl-C or SIGTERM. It is ready when it logs `worker ready`.

    Run as many as there is work, up to one per partition, on any hosts; each needs a `--data` of its own, and on one
    host a `--port`. What they share comes from the environment: `BROKER_URL`, `TOPIC_PARTITIONS`, `PRAHARI_MODEL_DIR`,
    `PRAHARI_API_TOKEN` (docs/reference/settings.md). Without a model the rules decide alone. Options that are not
    listed go to Faust.
    """
    if port is not None:
        os.environ["WEB_PORT"] = str(port)
    _become(*_FAUST, "worker", "-l", loglevel, *context.args, data=data)


@warm_up.command(name="warm-up")
def run_warm_up(
    history: Annotated[Path, typer.Option(help="History file: .parquet, .csv, .jsonl.")],
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Allow it where `transactions` already holds records.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Fill the tables from a history, without decisions or alerts: the first live payment then meets a known past.

    Workers that run apply it; where none runs, one is run until all of it is applied.
    """
    if not history.is_file():
        raise HistoryError(
            f"needed a history file, got {history}, which does not exist: see `prahari simulate history`"
        )
    _become(*_FAUST, "warm-up", "--history", str(history), *(("--again",) if again else ()), data=data)


@erase.command()
def run_erase(vpa: Annotated[str, typer.Option(help="The account to forget.")], *, data: DataDir = None) -> None:
    """Forget one account in tables and changelogs, and say what other topics still hold of it.

    No worker may run meanwhile. What it cannot take back, and for how long that stays: docs/privacy.md.
    """
    _become(*_FAUST, "erase", "--vpa", vpa, data=data)


@broker.command()
def run_broker(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on localhost; 0: any free one.")] = 9092,
    data: Annotated[Path, typer.Option(file_okay=False, help="Where it keeps its logs.")] = Path("data/kafka"),
    *,
    prepare: Annotated[bool, typer.Option("--prepare", help="Only fetch and verify the jars.")] = False,
) -> None:
    """Run a real Apache Kafka on localhost, until Ctrl-C or SIGTERM. It is ready when it says `Kafka ready`.

    For trying out and for tests: one node, no replicas, no passwords. Elsewhere point BROKER_URL at your own Kafka.
    """
    _become("app.broker", "--port", str(port), "--data", str(data), *(("--prepare",) if prepare else ()))


@demo.command()
def run_demo(
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="End by itself after so long; else with Ctrl-C.")
    ] = None,
) -> None:
    """Show the whole job on this machine: a month of life, a model, Kafka, two workers, live payments, alerts.

    Everything it makes lies in build/demo. The first run takes a minute to make the month and the model.
    """
    if seconds is not None:
        os.environ["DEMO_SECONDS"] = str(seconds)
    _become("app.demo")


def _become(*command: str, data: Path | None = None) -> NoReturn:
    """Go on as `python -m command`."""
    if data is not None:
        os.environ["APP_DATADIR"] = str(data)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - our own programs
