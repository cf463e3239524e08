"""`prahari control`: what is in force, and the log of who put what in force, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.control_record import AlertRatePut, ChallengerPut, Control, ListPut, ModelPut, parse_control, rules_version
from app.control import sending
from features.errors import RejectedTransaction
from prahari.connection import Deployment
from prahari.output import JsonFlag, show_json, show_table

if TYPE_CHECKING:
    from agents.in_force import InForce

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)


@app.command()
def show(*, as_json: JsonFlag = False) -> None:
    """Show what is in force at the end of the log; what no record names is what each worker's settings say."""
    told = summary(Deployment().in_force())
    if as_json:
        show_json(told)
    else:
        rows = [(what, "as the settings say" if value is None else value) for what, value in told.items()]
        show_table("in force", ("what", "is"), rows)


@app.command()
def log(
    *, last: Annotated[int, typer.Option(min=1, help="How many records, the newest.")] = 50, as_json: JsonFlag = False
) -> None:
    """Show the newest records: who put what in force, when and why."""
    deployment = Deployment()
    records = deployment.run(sending.log(deployment.options, deployment.prefix))[-last:]
    told = [_record(offset, value) for offset, value in records]
    if as_json:
        show_json(told)
    else:
        show_table("control", (">offset", "put at", "put by", "what", "note"), (list(row.values()) for row in told))


def summary(in_force: InForce) -> dict[str, Any]:
    """Return what is in force, by versions and counts; None is what the settings say."""
    return {
        "control_offset": in_force.offset,
        "rules": None if in_force.rules is None else rules_version(in_force.rules),
        "rules on trial": "none" if in_force.rules_shadow is None else rules_version(in_force.rules_shadow),
        "model": None if in_force.model is None else in_force.model.version,
        "challenger": "none" if in_force.challenger is None else in_force.challenger.version,
        "list entries": len(in_force.lists),
        "alerts per million": in_force.rate_ppm,
    }


def _record(offset: int, value: bytes | None) -> dict[str, Any]:
    try:
        control = parse_control(value)
    except RejectedTransaction as exc:
        return {"offset": offset, "put_at": None, "put_by": None, "what": f"refused: {exc}", "note": None}
    told = {"offset": offset, "put_at": control.put_at, "put_by": control.put_by}
    return {**told, "what": describe(control), "note": control.note}


def describe(control: Control) -> str:
    """Say in a few words what a record puts in force."""
    if isinstance(control, ListPut):
        shown = ", ".join(f"{entry.list} {entry.id}" for entry in control.entries[:3])
        return shown + (f" and {len(control.entries) - 3} more" if len(control.entries) > 3 else "")
    if isinstance(control, AlertRatePut):
        return (
            "alert rate of the settings" if control.rate_ppm is None else f"alert rate {control.rate_ppm} per million"
        )
    if isinstance(control, ModelPut | ChallengerPut):
        kind = "model" if isinstance(control, ModelPut) else "challenger"
        return f"{kind} {control.model_version or 'of the settings'}"
    kind = "rules" if type(control).__name__ == "RulesPut" else "rules on trial:"
    return f"{kind} {control.rules_version or 'of the settings'}"
