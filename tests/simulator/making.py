"""Histories for the simulator's tests, as numbers and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.almanac import Span
from simulator.history import HistoryPlan, make_history
from simulator.progress import Progress
from simulator.table import history_table

if TYPE_CHECKING:
    import polars as pl

    from simulator.dice import Ints
    from simulator.payments import Payments
    from simulator.world import World

START_DAY = 20_089  # 1 January 2025
QUIET = Progress("", None, quiet=True)


@dataclass(frozen=True)
class Made:
    """A history, as numbers and as a table."""

    plan: HistoryPlan
    world: World
    payments: Payments
    ids: Ints
    frame: pl.DataFrame


def make(transactions: int = 60_000, days: int = 30, seed: int = 1, **wishes: Any) -> Made:
    """Return a history; `wishes` are further fields of its plan."""
    plan = HistoryPlan(transactions, Span(START_DAY, days), seed, **wishes)
    world, payments, ids = make_history(plan, QUIET)
    return Made(plan, world, payments, ids, history_table(world.dice, payments, ids, 72))
