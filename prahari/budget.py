"""`prahari budget`: how many of a day's payments may become alerts."""

from __future__ import annotations

from typing import Annotated

import typer

from app.control import sending
from features.errors import ControlError
from prahari.connection import By, Deployment, Note, Wait, user
from prahari.output import JsonFlag, show_json, show_table

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)


@app.command()
def show(*, as_json: JsonFlag = False) -> None:
    """Show the alert rate in force."""
    deployment = Deployment()
    put_ppm = deployment.in_force().rate_ppm
    rate_ppm = deployment.settings.alert_rate_ppm if put_ppm is None else put_ppm
    told = {"rate_ppm": rate_ppm, "from": "settings" if put_ppm is None else "control"}
    if as_json:
        show_json(told)
    else:
        show_table("alert rate", (">alerts per million payments", "from"), [list(told.values())])


@app.command()
def rate(
    alerts: Annotated[
        float | None, typer.Argument(min=0.000001, max=1.0, help="Alerts per payment of a day: 0.005 for 0.5 %.")
    ] = None,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Back to PRAHARI_ALERT_RATE.")] = False,
    by: By = "",
    note: Note = "",
    wait: Wait = False,
) -> None:
    """Put another alert rate in force from the next payment on.

    A day's limit then grows by the new rate, and is never above what the new rate alone would give it.
    """
    if (alerts is None) is not reset:
        raise ControlError("needed either a rate or --reset; got both or neither")
    rate_ppm = None if alerts is None else round(alerts * 1_000_000)
    what = "alert rate as the settings say" if rate_ppm is None else f"alert rate {rate_ppm / 10_000:g} %"
    Deployment().put(sending.rate_record(rate_ppm, put_by=by or user(), note=note), what, wait=wait)
