"""`prahari lists`: accounts and devices that are blocked, allowed or snoozed, until an event time or for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.control import sending
from features.clock import format_event_time
from models.console import read_time
from prahari.connection import By, Deployment, Note, Wait, user
from prahari.output import JsonFlag, show_json, show_table

if TYPE_CHECKING:
    from agents.lists import Standing

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)

Subjects = Annotated[list[str], typer.Argument(help="VPAs, or device ids with --device.", metavar="ID...")]
Device = Annotated[bool, typer.Option("--device", help="These are device ids, not VPAs.")]
Until = Annotated[str | None, typer.Option(help="Event time at which it ends: RFC 3339, or YYYY-MM-DD in India.")]
Hours = Annotated[float, typer.Option(min=0.1, help="How long from now, where --until is not given.")]


@app.command()
def block(
    subjects: Subjects, *, device: Device = False, until: Until = None, by: By = "", note: Note = "", wait: Wait = False
) -> None:
    """Make every payment from or to these hit a rule of weight 100 (LISTED_PAYER, LISTED_PAYEE, LISTED_DEVICE)."""
    _put("block", subjects, device=device, until=until, by=by, note=note, wait=wait)


@app.command()
def allow(
    subjects: Subjects, *, device: Device = False, until: Until = None, by: By = "", note: Note = "", wait: Wait = False
) -> None:
    """Let no payment from or to these become an alert; they are scored and decided as ever."""
    _put("allow", subjects, device=device, until=until, by=by, note=note, wait=wait)


@app.command()
def snooze(
    subjects: Subjects,
    *,
    hours: Hours = 24.0,
    device: Device = False,
    until: Until = None,
    by: By = "",
    note: Note = "",
    wait: Wait = False,
) -> None:
    """Allow for a while, by default for a day: somebody is looking at it."""
    ends = until or (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")
    _put("snooze", subjects, device=device, until=ends, by=by, note=note, wait=wait)


@app.command()
def remove(subjects: Subjects, *, device: Device = False, by: By = "", note: Note = "", wait: Wait = False) -> None:
    """Take these off their list."""
    _put("none", subjects, device=device, until=None, by=by, note=note, wait=wait)


@app.command()
def show(*, as_json: JsonFlag = False) -> None:
    """Show every entry in force."""
    lists = Deployment().in_force().lists
    entries = [
        *(_told("vpa", key, standing) for key, standing in sorted(lists.vpas.items())),
        *(_told("device", key, standing) for key, standing in sorted(lists.devices.items())),
    ]
    if as_json:
        show_json(entries)
    else:
        show_table(f"{len(entries)} entries", ("list", "subject", "id", "until"), (list(e.values()) for e in entries))


def _told(subject: str, key: str, standing: Standing) -> dict[str, str | None]:
    until = None if standing.until_ms is None else format_event_time(standing.until_ms)
    return {"list": standing.list, "subject": subject, "id": key, "until": until}


def _put(
    standing: Literal["block", "allow", "snooze", "none"],
    subjects: list[str],
    *,
    device: bool,
    until: str | None,
    by: str,
    note: str,
    wait: bool,
) -> None:
    until_ms = read_time(until, "--until")
    ends = None if until_ms is None else format_event_time(until_ms)
    kind = "device" if device else "vpa"
    entries = [sending.entry(standing, kind, subject, until=ends) for subject in subjects]
    done = {"block": "blocked", "allow": "allowed", "snooze": "snoozed", "none": "taken off the lists"}[standing]
    what = f"{', '.join(subjects)} {done}" + ("" if ends is None else f" until {ends} (event time)")
    Deployment().put(sending.list_record(entries, put_by=by or user(), note=note), what, wait=wait)
