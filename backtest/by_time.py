"""Replays a history in event-time order: both sides of a payment at once, verdicts where they became known."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from backtest.judged import Judged, day_of, is_decided
from features.transaction import Verdict
from replay.engine import Replay
from replay.history import read_history
from replay.verdicts import interleave_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backtest.plan import Plan
    from backtest.spend import Spender
    from models.scoring import Scorer
    from replay.history import HistoryRow

BATCH_ROWS = 4_096


class ByTime:
    """One pass over a history."""

    def __init__(
        self, plan: Plan, scorer: Scorer, spender: Spender, on_bad_row: Callable[[int, str], None] | None
    ) -> None:
        self._plan = plan
        self._scorer = scorer
        self._spender = spender
        self._on_bad_row = on_bad_row
        self._replay = Replay()
        self.warmed = 0

    @property
    def duplicates(self) -> int:
        """Payments that repeated an earlier one."""
        return self._replay.duplicates

    @property
    def conflicts(self) -> int:
        """Payments that repeated an earlier one's id with other content."""
        return self._replay.conflicts

    def batches(self) -> Iterator[list[Judged]]:
        """Yield the payments of the plan's span with their scores."""
        decided = self._decided()
        while batch := list(islice(decided, BATCH_ROWS)):
            scores = self._scorer.score(np.array([features for _, features in batch]))
            days = [day_of(row) for row, _ in batch]
            partitions = [self._spender.partition_of(row.transaction.payee_vpa) for row, _ in batch]
            may_alert = self._spender.consider(partitions, days, [score.bucket for score in scores])
            yield [
                Judged(row, features, score, day, may)
                for (row, features), score, day, may in zip(batch, scores, days, may_alert, strict=True)
            ]

    def _decided(self) -> Iterator[tuple[HistoryRow, list[float]]]:
        """Yield each accepted payment of the span with its row; everything is folded."""
        newest: list[HistoryRow] = []
        for record in interleave_verdicts(self._rows(newest), self._plan.until_ms):
            features = self._replay.feed(record)
            if features is None or isinstance(record, Verdict):
                continue
            if is_decided(newest[0], self._plan):
                yield newest[0], features
            else:
                self.warmed += 1

    def _rows(self, newest: list[HistoryRow]) -> Iterator[HistoryRow]:
        """Pass rows on up to `until_ms`, the newest standing in `newest`: a payment is folded before the next comes."""
        plan = self._plan
        for row in read_history(plan.history, label_delay_ms=plan.label_delay_ms, on_bad_row=self._on_bad_row):
            time_ms = row.transaction.event_time_ms
            if plan.until_ms is not None and time_ms >= plan.until_ms:
                return
            if not plan.warm and plan.since_ms is not None and time_ms < plan.since_ms:
                continue
            newest[:] = [row]
            yield row
