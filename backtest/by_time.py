"""Replays a history in event-time order: both sides of a payment at once, verdicts where they became known."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from backtest.judged import Judged, day_of, is_decided
from replay.engine import Replay
from replay.history import read_history
from replay.verdicts import interleave_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from backtest.plan import Plan
    from backtest.spend import Spender
    from features.transaction import Transaction
    from models.scoring import Scorer
    from replay.history import HistoryRow

BATCH_RECORDS = 4_096


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

    def batches(self) -> Iterator[Judged]:
        """Yield the payments of the plan's span with their scores."""
        for rows, features in self._decided():
            scores = self._scorer.score(features)
            days = [day_of(row) for row in rows]
            partitions = [self._spender.partition_of(row.transaction.payee_vpa) for row in rows]
            may_alert = self._spender.consider(partitions, days, [score.bucket for score in scores])
            yield Judged(rows, [None] * len(rows), features, scores, days, may_alert)

    def _decided(self) -> Iterator[tuple[list[HistoryRow], NDArray[np.float64]]]:
        """Yield the accepted payments of the span with their rows; everything is folded."""
        ahead: deque[HistoryRow] = deque()
        records = interleave_verdicts(self._rows(ahead), self._plan.until_ms)
        while batch := list(islice(records, BATCH_RECORDS)):
            transactions, features = self._replay.feed(batch)
            rows = [_row_of(transaction, ahead) for transaction in transactions]
            decided = [at for at, row in enumerate(rows) if is_decided(row, self._plan)]
            self.warmed += len(rows) - len(decided)
            if decided:
                yield [rows[at] for at in decided], features[decided]

    def _rows(self, ahead: deque[HistoryRow]) -> Iterator[HistoryRow]:
        """Pass rows on up to `until_ms`, and keep in `ahead` those that the replay has not given back yet."""
        plan = self._plan
        for row in read_history(plan.history, label_delay_ms=plan.label_delay_ms, on_bad_row=self._on_bad_row):
            time_ms = row.transaction.event_time_ms
            if plan.until_ms is not None and time_ms >= plan.until_ms:
                return
            if not plan.warm and plan.since_ms is not None and time_ms < plan.since_ms:
                continue
            ahead.append(row)
            yield row


def _row_of(transaction: Transaction, ahead: deque[HistoryRow]) -> HistoryRow:
    """Take out the row of an accepted payment, and the repeats before it, which have none."""
    while (row := ahead.popleft()).transaction is not transaction:
        pass
    return row
