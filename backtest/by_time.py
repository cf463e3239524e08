"""Replays a history in event-time order: both sides of a payment at once, verdicts where they became known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.beside import ReadingBeside
from backtest.judged import Judged, day_of
from backtest.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backtest.plan import Plan
    from backtest.spend import Spender
    from models.scoring import Scorer


class ByTime:
    """One pass over a history."""

    def __init__(
        self, plan: Plan, scorer: Scorer, spender: Spender, on_bad_row: Callable[[int, str], None] | None
    ) -> None:
        self._scorer = scorer
        self._spender = spender
        self._reading = (ReadingBeside if plan.processes > 1 else Reading)(plan, on_bad_row)

    @property
    def warmed(self) -> int:
        """Payments that only warmed the tables."""
        return self._reading.counts.warmed

    @property
    def duplicates(self) -> int:
        """Payments that repeated an earlier one."""
        return self._reading.counts.duplicates

    @property
    def conflicts(self) -> int:
        """Payments that repeated an earlier one's id with other content."""
        return self._reading.counts.conflicts

    def batches(self) -> Iterator[Judged]:
        """Yield the payments of the plan's span with their scores."""
        for rows, features in self._reading.batches():
            scores = self._scorer.score(features)
            days = [day_of(row) for row in rows]
            partitions = [self._spender.partition_of(row.transaction.payee_vpa) for row in rows]
            may_alert = self._spender.consider(partitions, days, [score.bucket for score in scores])
            yield Judged(rows, [None] * len(rows), features, scores, days, may_alert)
