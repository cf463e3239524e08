"""`python -m app.export` writes live payments, their verdicts and the order they were worked in as a history file.

The deployment is that of `BROKER_URL` and `PRAHARI_TOPIC_PREFIX`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from features.errors import BrokerError, PrahariError

app = typer.Typer(add_completion=False)

_TIME = "RFC 3339, YYYY-MM-DD (midnight in India) or epoch milliseconds."


@app.command(help=__doc__)
def export(
    out: Annotated[Path, typer.Option(help="File to write: .parquet, .csv, .jsonl.")],
    since: Annotated[str | None, typer.Option("--from", help=f"Leave out earlier payments. {_TIME}")] = None,
    until: Annotated[str | None, typer.Option(help=f"Leave out payments from here on. {_TIME}")] = None,
) -> None:
    """Write what a deployment has decided as a history."""
    from aiokafka.errors import KafkaConnectionError  # noqa: PLC0415 - heavy imports only when there is work
    from yarl import URL  # noqa: PLC0415 - as above

    from app.export.command import export as run  # noqa: PLC0415 - as above
    from app.export.survey import Span  # noqa: PLC0415 - as above
    from app.faust_app import APP_NAME  # noqa: PLC0415 - as above
    from app.kafka import client_options  # noqa: PLC0415 - as above
    from app.settings import load_settings  # noqa: PLC0415 - as above
    from models.console import read_time  # noqa: PLC0415 - as above

    settings = load_settings()
    urls = [URL(url) for url in os.environ.get("BROKER_URL", "kafka://127.0.0.1:9092").split(";")]
    span = Span(read_time(since, "--from"), read_time(until, "--until"))
    prefix = settings.topic_prefix
    try:
        done = asyncio.run(run(out, client_options(settings, urls), prefix, f"{prefix}{APP_NAME}", span))
    except KafkaConnectionError as exc:
        where = ";".join(map(str, urls))
        raise BrokerError(f"needed a Kafka that answers at {where}, got none: start it, or set BROKER_URL") from exc
    left = f"; {done.waiting:,} records are not decided yet" if done.waiting else ""
    sys.stderr.write(f"{out}: {done.rows:,} payments{left}\n")


if __name__ == "__main__":
    try:
        app()
    except PrahariError as error:
        sys.exit(f"export: {error}")
