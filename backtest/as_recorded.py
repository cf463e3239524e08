"""Replays an export in its recorded order: payer, payee, filter and budget each in the order of its own log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backtest.judged import Judged, day_of, is_decided
from features.errors import BacktestError
from replay.recorded import NO_PLACE, read_recorded
from replay.staged import InOrder, StagedReplay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from backtest.plan import Plan
    from backtest.spend import Spender
    from models.scoring import Score, Scorer
    from replay.recorded import RecordedRow


class _One(NamedTuple):
    recorded: RecordedRow
    features: NDArray[np.float64]
    score: Score
    day: int
    may_alert: bool


class AsRecorded:
    """One pass over an export. What live only warmed the tables is not decided here either."""

    def __init__(self, plan: Plan, scorer: Scorer, spender: Spender) -> None:
        if not plan.warm:
            raise BacktestError("needed the event-time order for a cold run: orders are of the whole export")
        self._plan = plan
        self._scorer = scorer
        self._spender = spender
        self._replay = StagedReplay()
        self._budget_line: InOrder[_One | None] = InOrder()
        self.warmed = 0

    @property
    def duplicates(self) -> int:
        """Payments that repeated an earlier one."""
        return self._replay.payer_side.duplicates

    @property
    def conflicts(self) -> int:
        """Payments that repeated an earlier one's id with other content."""
        return self._replay.payer_side.conflicts

    def batches(self) -> Iterator[Judged]:
        """Yield the payments of the plan's span with their scores, in the budget's order."""
        for batch in self._replay.rows(read_recorded(self._plan.history)):
            self._judge(batch)
            ready = [one for one in self._budget_line.take() if one is not None]
            if ready:
                recorded, features, scores, days, may_alert = map(list, zip(*ready, strict=True))
                rows, places = [one.row for one in recorded], [one.place for one in recorded]
                yield Judged(rows, places, np.array(features), scores, days, may_alert)

    def _judge(self, batch: Sequence[tuple[RecordedRow, NDArray[np.float64]]]) -> None:
        """Score what is decided and put it in line for the budget; what is not leaves its place empty."""
        decided = []
        for recorded, features in batch:
            if recorded.place.budget_order == NO_PLACE or not is_decided(recorded.row, self._plan):
                self.warmed += 1
                if recorded.place.budget_order != NO_PLACE:
                    self._budget_line.put(recorded.place.budget_order, None)
            else:
                decided.append((recorded, features))
        if not decided:
            return
        scores = self._scorer.score(np.array([features for _, features in decided]))
        days = [day_of(recorded.row, late=recorded.place.late) for recorded, _ in decided]
        partitions = [recorded.place.payee_partition for recorded, _ in decided]
        may_alert = self._spender.consider(partitions, days, [score.bucket for score in scores])
        for (recorded, features), score, day, may in zip(decided, scores, days, may_alert, strict=True):
            self._budget_line.put(recorded.place.budget_order, _One(recorded, features, score, day, may))
