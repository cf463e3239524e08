"""Runs a plan once and counts everything that the report tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backtest.cases import Cases
from backtest.days import Days
from backtest.decide import Decider
from backtest.groups import Groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backtest.decide import Block
    from backtest.plan import Plan
    from backtest.spend import Moment
    from models.scoring import Scorer


@dataclass(slots=True)
class Outcome:
    """What a run came to."""

    plan: Plan
    scorer: Scorer
    days: Days
    groups: Groups = field(default_factory=Groups)
    cases: Cases = field(default_factory=Cases)
    moments: list[Moment] = field(default_factory=list)
    recorded: bool = False
    decided: int = 0
    warmed: int = 0
    duplicates: int = 0
    conflicts: int = 0
    bad_rows: int = 0
    outside_budget: int = 0
    first_ms: int | None = None
    last_ms: int | None = None


def run(plan: Plan, scorer: Scorer, *watchers: Callable[[Block], None], skip_bad_rows: bool = True) -> Outcome:
    """Replay, decide and count; each watcher sees each block. Raises `HistoryError` for what cannot be read."""
    outcome = Outcome(plan, scorer, Days(plan.rate_ppm))
    for block in counted(outcome, skip_bad_rows=skip_bad_rows):
        for watch in watchers:
            watch(block)
    return outcome


def counted(outcome: Outcome, *, skip_bad_rows: bool = True) -> Iterator[Block]:
    """Yield the blocks of an outcome yet empty, which is whole when they end."""

    def count_bad_row(number: int, why: str) -> None:
        del number, why
        outcome.bad_rows += 1

    decider = Decider(outcome.plan, outcome.scorer, count_bad_row if skip_bad_rows else None)
    for block in decider.blocks():
        _count(outcome, block)
        yield block
    outcome.days.close()
    outcome.moments = decider.spender.moments
    outcome.recorded, outcome.warmed = decider.recorded, decider.order.warmed
    outcome.duplicates, outcome.conflicts = decider.order.duplicates, decider.order.conflicts


def _count(outcome: Outcome, block: Block) -> None:
    outcome.days.add(block)
    outcome.groups.add(block)
    outcome.cases.add(block)
    outcome.decided += len(block.rows)
    outcome.outside_budget += int((block.days < 0).sum())
    times_ms = [row.transaction.event_time_ms for row in block.rows]
    outcome.first_ms = min(times_ms) if outcome.first_ms is None else min(outcome.first_ms, *times_ms)
    outcome.last_ms = max(times_ms) if outcome.last_ms is None else max(outcome.last_ms, *times_ms)
