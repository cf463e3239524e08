"""`prahari rules`: check a rules file, see what it changes, try it in the shadow, put it in force.

The usual way: edit the file until it checks, see what it would have done on a history (`what-if`), `try` it beside the
rules in force, look at what it hits (`shadow_rules` in decisions, the dashboard), then `activate` it.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from app.control import sending
from features.errors import ControlError, RulesError
from prahari.connection import By, Deployment, Note, Wait, user
from prahari.output import JsonFlag, say, show_json, show_table
from prahari.what_if import RULE_COUNTS, Span, rule_rows, total_rows, what_if
from rules import RuleSet, load_rules, parse_rules
from rules.compare import compare, condition_text
from rules.schema import rules_schema

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)

RulesFile = Annotated[Path, typer.Argument(help="A rules file; see rules/rules.yaml.", metavar="FILE")]
Against = Annotated[Path | None, typer.Option(help="Compare with this file instead of what is in force.")]
_LOOK_EVERY_S = 0.5
_CHANGE = ("rule", "is", "what", "before", "after")


def in_force(deployment: Deployment) -> RuleSet:
    """Return the rules in force at the end of the log, or those of the settings."""
    text = deployment.in_force().rules
    return load_rules(deployment.settings.rules) if text is None else parse_rules(text)


@app.command()
def check(file: RulesFile, *, as_json: JsonFlag = False) -> None:
    """Check a file: every problem with its line, and exit code 1, or the rules that it holds."""
    try:
        rules = load_rules(file)
    except RulesError as exc:
        if not as_json:
            raise
        show_json({"valid": False, "problems": str(exc).splitlines()})
        raise typer.Exit(1) from exc
    _show(rules, str(file), as_json=as_json)


@app.command()
def show(*, as_json: JsonFlag = False) -> None:
    """Show the rules in force."""
    _show(in_force(Deployment()), "in force", as_json=as_json)


@app.command()
def diff(file: RulesFile, *, against: Against = None, as_json: JsonFlag = False) -> None:
    """Show what a file changes, rule by rule, against what is in force or another file."""
    rules = load_rules(file)
    before = in_force(Deployment()) if against is None else load_rules(against)
    changes = compare(before, rules)
    if as_json:
        show_json([change._asdict() for change in changes])
        return
    show_table(f"{before.version} to {rules.version}, what differs: {len(changes)}", _CHANGE, changes)


@app.command(name="what-if")
def what_if_(
    file: RulesFile,
    history: Annotated[Path, typer.Option(help="History file: .parquet, .csv, .jsonl.")],
    *,
    model: Annotated[Path | None, typer.Option(help="Artifact of `models train`; without one rules alone.")] = None,
    against: Against = None,
    since: Annotated[str | None, typer.Option("--from", help="Earlier payments only warm the tables.")] = None,
    until: Annotated[str | None, typer.Option(help="Payments from here on are left out.")] = None,
    rate: Annotated[float, typer.Option(min=0.0, max=1.0, help="Alerts per payment of a day, at most.")] = 0.005,
    as_json: JsonFlag = False,
) -> None:
    """Show what a file would have done on a history, beside the rules in force or another file."""
    after = load_rules(file)
    before = in_force(Deployment()) if against is None else load_rules(against)
    told = what_if(Span(history, since, until, rate), before, after, model)
    if as_json:
        show_json(told)
    else:
        show_table(f"rules {before.version} to {after.version}", ("", ">before", ">after"), total_rows(told))
        show_table("by rule", ("rule", *(f">{name}" for name in RULE_COUNTS)), rule_rows(told))


@app.command(name="try")
def try_(file: RulesFile, *, by: By = "", note: Note = "", wait: Wait = False) -> None:
    """Put a file on trial: what is new or changed in it is evaluated beside the rules in force, and weighs nothing."""
    rules = load_rules(file)
    record = sending.rules_record(rules.text, put_by=by or user(), note=note, shadow=True)
    Deployment().put(record, f"rules {rules.version} on trial", wait=wait)


@app.command()
def activate(
    file: Annotated[Path | None, typer.Argument(help="A rules file; without one: what is on trial.")] = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="Allow rules that were not on trial.")] = False,
    by: By = "",
    note: Note = "",
    wait: Wait = False,
) -> None:
    """Put rules in force that were on trial; others only with --now."""
    deployment = Deployment()
    trial = deployment.in_force().rules_shadow
    text = trial if file is None else load_rules(file).text
    if text is None:
        raise ControlError("needed rules on trial, or a file with --now; got neither: begin with `prahari rules try`")
    if text != trial and not now:
        raise ControlError(f"needed rules that were on trial; {file} was not: `prahari rules try {file}`, or --now")
    record = sending.rules_record(text, put_by=by or user(), note=note)
    deployment.put(record, f"rules {parse_rules(text).version} in force", wait=wait)


@app.command()
def withdraw(*, by: By = "", note: Note = "") -> None:
    """End the trial; the rules in force stay."""
    Deployment().put(sending.rules_record(None, put_by=by or user(), note=note, shadow=True), "no rules on trial")


@app.command()
def reset(*, by: By = "", note: Note = "", wait: Wait = False) -> None:
    """Go back to the rules of each worker's settings (PRAHARI_RULES)."""
    record = sending.rules_record(None, put_by=by or user(), note=note)
    Deployment().put(record, "rules as the settings say", wait=wait)


@app.command()
def watch(
    file: RulesFile,
    *,
    now: Annotated[bool, typer.Option("--now", help="Put each change in force at once, not on trial.")] = False,
    by: By = "",
    note: Note = "",
) -> None:
    """Follow a file while it is edited: each save is checked, and put on trial where it checks. Ctrl-C ends it."""
    deployment, seen = Deployment(), ""
    say(f"watching {file}; each save goes {'in force' if now else 'on trial'}")
    while True:
        content = file.read_bytes() if file.exists() else b""
        digest = hashlib.sha256(content).hexdigest()
        if content and digest != seen:
            seen = digest
            _saved(deployment, file, now=now, by=by, note=note)
        time.sleep(_LOOK_EVERY_S)


@app.command()
def schema() -> None:
    """Write the JSON schema of rules files, for completion in editors."""
    show_json(rules_schema())


def _saved(deployment: Deployment, file: Path, *, now: bool, by: str, note: str) -> None:
    try:
        rules = load_rules(file)
    except RulesError as exc:
        say(str(exc))
        return
    standing = deployment.in_force()
    if rules.text in (standing.rules, standing.rules_shadow):
        say(f"rules {rules.version}: nothing new")
        return
    record = sending.rules_record(rules.text, put_by=by or user(), note=note, shadow=not now)
    deployment.put(record, f"rules {rules.version} {'in force' if now else 'on trial'}")


def _show(rules: RuleSet, where: str, *, as_json: bool) -> None:
    told: list[dict[str, Any]] = [
        {
            "id": rule.id,
            "state": "active" if rule.active else "shadow",
            "weight": rule.weight,
            "title": rule.title,
            "when": condition_text(rule.when),
        }
        for rule in rules.rules
    ]
    if as_json:
        show_json({"valid": True, "rules_version": rules.version, "rules": told})
    else:
        title = f"{len(told)} rules, version {rules.version}, {where}"
        show_table(title, ("id", "state", ">weight", "title", "when"), (list(rule.values()) for rule in told))
