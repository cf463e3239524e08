"""Replays a history and yields its decisions in blocks: row, score and alert of each payment, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.as_recorded import AsRecorded
from backtest.by_time import ByTime
from backtest.judged import Block, block_of
from backtest.spend import Spender
from replay.recorded import has_recorded_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backtest.plan import Plan
    from models.scoring import Scorer

__all__ = ["Block", "Decider"]


class Decider:
    """One pass over a history; `spender` and `order` hold what it came to."""

    def __init__(self, plan: Plan, scorer: Scorer, on_bad_row: Callable[[int, str], None] | None = None) -> None:
        self.spender = Spender(plan.rate_ppm, plan.partitions)
        self.recorded = has_recorded_order(plan.history) if plan.recorded is None else plan.recorded
        self.order: AsRecorded | ByTime = (
            AsRecorded(plan, scorer, self.spender) if self.recorded else ByTime(plan, scorer, self.spender, on_bad_row)
        )

    def blocks(self) -> Iterator[Block]:
        """Yield the decisions of the plan's span."""
        for judged in self.order.batches():
            alerted = self.spender.admit(
                [row.transaction.event_time_ms for row in judged.rows],
                judged.days,
                [score.bucket for score in judged.scores],
                judged.may_alert,
            )
            yield block_of(judged, alerted)
