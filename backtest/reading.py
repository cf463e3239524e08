"""From the file to features: replays a history in event-time order and keeps what is to be decided, batch by batch."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from backtest.judged import is_decided
from replay.engine import Replay
from replay.history import read_history
from replay.verdicts import interleave_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from backtest.plan import Plan
    from features.transaction import Transaction
    from replay.history import HistoryRow

BATCH_RECORDS = 4_096

#: Rows and their features of shape [n, F].
Batch: TypeAlias = "tuple[list[HistoryRow], NDArray[np.float64]]"


class Counts(NamedTuple):
    """Payments that only warmed the tables, that repeated an earlier one, and that did so with other content."""

    warmed: int = 0
    duplicates: int = 0
    conflicts: int = 0


class Reading:
    """One pass over a history; `counts` is whole when the batches have ended."""

    def __init__(self, plan: Plan, on_bad_row: Callable[[int, str], None] | None) -> None:
        self._plan = plan
        self._on_bad_row = on_bad_row
        self._replay = Replay()
        self._warmed = 0

    @property
    def counts(self) -> Counts:
        """What became of the payments that are not decided."""
        return Counts(self._warmed, self._replay.duplicates, self._replay.conflicts)

    def batches(self) -> Generator[Batch]:
        """Yield the accepted payments of the span with their features [n, F]; everything is folded."""
        ahead: deque[HistoryRow] = deque()
        records = interleave_verdicts(self._rows(ahead), self._plan.until_ms)
        while batch := list(islice(records, BATCH_RECORDS)):
            transactions, features = self._replay.feed(batch)
            rows = [_row_of(transaction, ahead) for transaction in transactions]
            decided = [at for at, row in enumerate(rows) if is_decided(row, self._plan)]
            self._warmed += len(rows) - len(decided)
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
