"""The options that the command lines of this package share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_TIME = "RFC 3339, YYYY-MM-DD (midnight in India) or epoch milliseconds."

History = Annotated[Path | None, typer.Option(help="History file: .parquet, .csv, .jsonl.")]
Given = Annotated[Path, typer.Option("--history", help="History file: .parquet, .csv, .jsonl.")]
Model = Annotated[Path | None, typer.Option(help="Artifact of `models train`; without one rules alone.")]
Since = Annotated[str | None, typer.Option("--from", help=f"Earlier payments only warm the tables. {_TIME}")]
Until = Annotated[str | None, typer.Option(help=f"Payments from here on are left out. {_TIME}")]
Rules = Annotated[Path, typer.Option(help="Rules in force.", show_default="rules/rules.yaml")]
Json = Annotated[Path | None, typer.Option(help="Write the numbers here.")]
Scores = Annotated[Path | None, typer.Option(help="Write every decision with its features here, Parquet.")]
Report = Annotated[Path | None, typer.Option(help="Write the page here; else beside --json, else to backtest.html.")]
Rate = Annotated[float, typer.Option(min=0.0, max=1.0, help="Alerts per payment of a day, at most.")]
NewModel = Annotated[Path | None, typer.Option(help="Artifact of the second way; else the same model.")]
NewRules = Annotated[Path | None, typer.Option(help="Rules of the second way; else the same.")]
NewRate = Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Alert rate of the second way; else the same.")]
Partitions = Annotated[int, typer.Option(min=1, help="Payee partitions of the deployment.")]
LabelDelay = Annotated[
    float, typer.Option(min=0.0, help="Hours from a payment to its label, where the file has no label_time.")
]
Processes = Annotated[
    int, typer.Option(min=1, max=2, help="2: another process makes the features meanwhile; the answers are the same.")
]
Order = Annotated[
    bool | None, typer.Option("--recorded/--by-time", help="In which order; recorded where the history carries one.")
]
Cold = Annotated[bool, typer.Option("--cold/--no-cold", help="With --from: also run as if nothing were known before.")]
StoppedShare = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of a fraud's amount that an alert stops.")]
ReviewRupees = Annotated[float, typer.Option(min=0.0, help="Cost of reviewing an alert.")]
FrictionRupees = Annotated[float, typer.Option(min=0.0, help="Further cost of a false alarm.")]
