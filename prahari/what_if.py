"""What a rules file would have done on a history, beside the rules in force: figures before anybody tries it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.progress import Progress, SpinnerColumn, TextColumn

from features.errors import BacktestError
from prahari.output import console

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backtest.decide import Block
    from rules import RuleSet

RULE_COUNTS = ("hits", "frauds", "alerts", "caught")


class Span(NamedTuple):
    """What is decided of which history; payments before `since` only warm the tables."""

    history: Path
    since: str | None
    until: str | None
    rate: float


def what_if(span: Span, before: RuleSet, after: RuleSet, model: Path | None) -> dict[str, Any]:
    """Decide a history under both rule sets; return the totals, and each rule's counts, of both.

    A count is `{"before", "after"}`; a rule that one of them does not have is null there. The model is the same in both
    runs, as it is live: its rule score comes from the rules that it was trained with. Shadow rules hit nothing here.
    """
    # Threads that spin while they wait take the cores from whatever else runs: LightGBM reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from backtest.plan import Plan  # noqa: PLC0415 - heavy, and --help should not wait for it
    from backtest.run import run  # noqa: PLC0415 - as above
    from models import artifact  # noqa: PLC0415 - as above
    from models.console import read_time  # noqa: PLC0415 - as above
    from models.scoring import Scorer  # noqa: PLC0415 - as above

    times = read_time(span.since, "--from"), read_time(span.until, "--until")
    plan = Plan(span.history, *times, rate_ppm=round(span.rate * 1_000_000))
    loaded = None if model is None else artifact.load(model)
    with _progress() as progress:
        was, now = (
            run(plan, Scorer(rules, loaded), _counter(progress, name))
            for rules, name in ((before, "rules as before"), (after, "rules of the file"))
        )
    if not now.decided:
        raise BacktestError(f"needed payments to decide in {span.history}, got none: see --from and --until")
    days = [outcome.days.sums.values() for outcome in (was, now)]
    totals = {
        "payments decided": _pair(was.decided, now.decided),
        "frauds among them": _pair(*(sum(day.frauds for day in sums) for sums in days)),
        "alerts": _pair(*(sum(day.alerts for day in sums) for sums in days)),
        "frauds caught": _pair(*(sum(day.caught for day in sums) for sums in days)),
        "rupees of fraud caught": _pair(*(sum(day.caught_paise for day in sums) // 100 for sums in days)),
    }
    ids = dict.fromkeys([*(rule.id for rule in before.rules), *(rule.id for rule in after.rules)])
    rules = [
        {"id": rule_id, **{name: _pair(_count(was, rule_id, name), _count(now, rule_id, name)) for name in RULE_COUNTS}}
        for rule_id in ids
    ]
    return {"rules_version": _pair(before.version, after.version), "totals": totals, "rules": rules}


def _progress() -> Progress:
    """Return a bar for whoever watches; nothing where nobody does."""
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed:,.0f} payments decided"))
    return Progress(*columns, console=console(stderr=True), disable=not sys.stderr.isatty(), transient=True)


def _counter(progress: Progress, name: str) -> Callable[[Block], None]:
    task = progress.add_task(name, total=None)
    return lambda block: progress.update(task, advance=len(block.rows))


def _pair(before: object, after: object) -> dict[str, object]:
    return {"before": before, "after": after}


def _count(outcome: Any, rule_id: str, name: str) -> int | None:
    """Return how often a rule did something; None where its rule set has no such active rule."""
    if all(rule.id != rule_id or not rule.active for rule in outcome.scorer.rules.rules):
        return None
    count = outcome.groups.rules.get(rule_id)
    return 0 if count is None else int(getattr(count, name))


def total_rows(told: dict[str, Any]) -> list[list[object]]:
    """Return the totals as rows of a table: what, before, after."""
    return [[what, pair["before"], pair["after"]] for what, pair in told["totals"].items()]


def rule_rows(told: dict[str, Any]) -> list[list[object]]:
    """Return the counts of each rule as a row of a table.

    >>> counts = {name: {"before": 3, "after": 3} for name in RULE_COUNTS}
    >>> rule_rows({"rules": [{"id": "A", **counts, "hits": {"before": 3, "after": 5}}]})
    [['A', '3 to 5', '3', '3', '3']]
    """
    return [[rule["id"], *(_change(**rule[name]) for name in RULE_COUNTS)] for rule in told["rules"]]


def _change(before: int | None, after: int | None) -> str:
    was, now = ("none" if count is None else str(count) for count in (before, after))
    return was if was == now else f"{was} to {now}"
