"""`python -m models train` learns a model from a history file and writes it as an artifact with its model card.

`activate`, `challenge`, `list` and `show` are beside it: see `prahari.models`, of which this is another name.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from features.clock import HOUR_MS
from features.errors import PrahariError
from models.console import Console, read_time
from rules import DEFAULT_RULES, load_rules

_TIME = "RFC 3339, YYYY-MM-DD (midnight in India) or epoch milliseconds."


def train(  # noqa: PLR0917 - a command line has many options
    history: Annotated[Path, typer.Option(help="History file: .parquet, .csv, .jsonl.")],
    out: Annotated[Path, typer.Option(help="Directory for the artifact and its model card.")],
    since: Annotated[str | None, typer.Option("--from", help=f"Earlier payments only warm the tables. {_TIME}")] = None,
    until: Annotated[str | None, typer.Option(help=f"Nothing later is seen, no verdict either. {_TIME}")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same history and seed: same model.")] = 1,
    rules: Annotated[
        Path, typer.Option(help="Rules to freeze into the model.", show_default="rules/rules.yaml")
    ] = DEFAULT_RULES,
    label_delay_hours: Annotated[
        float, typer.Option(min=0.0, help="Hours from a payment to its label, where the file has no label_time.")
    ] = 72.0,
) -> None:
    """Learn a model from a history of labelled payments."""
    # Threads that spin while they wait take the cores from whatever else runs: LightGBM reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from models.train import Plan  # noqa: PLC0415 - heavy, and --help should not wait for it
    from models.train import train as run  # noqa: PLC0415 - as above

    since_ms, until_ms = read_time(since, "--from"), read_time(until, "--until")
    plan = Plan(history, out, load_rules(rules), seed, since_ms, until_ms, round(label_delay_hours * HOUR_MS))
    with Console() as console:
        manifest = run(
            plan,
            on_payment=console.on_payment,
            on_findings=console.on_findings,
            on_tree=console.on_tree,
            on_survey=console.on_survey,
        )
        console.on_written(manifest, out)


if __name__ == "__main__":
    from prahari.models import app

    try:
        app(prog_name="python -m models")
    except PrahariError as error:
        sys.exit(f"models: {error}")
