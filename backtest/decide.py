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
<<<<<<< HEAD
        decided = self._decided()
        while batch := list(islice(decided, BLOCK_ROWS)):
            yield self._block([row for row, _ in batch], np.array([features for _, features in batch]))

    def _decided(self) -> Iterator[tuple[HistoryRow, NDArray[np.float64]]]:
        """Yield each accepted payment from `since_ms` on, with its row; everything is folded."""
        since_ms = self._plan.since_ms
        newest: list[HistoryRow] = []
        for record in interleave_verdicts(self._rows(newest), self._plan.until_ms):
            accepted, features = self.replay.feed([record])
            if not accepted or isinstance(record, Verdict):
                continue
            if since_ms is not None and record.event_time_ms < since_ms:
                self.warmed += 1
            else:
                yield newest[0], features[0]

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

    def _block(self, rows: list[HistoryRow], features: NDArray[np.float64]) -> Block:
        scores = self._scorer.score(features)
        transactions = [row.transaction for row in rows]
        times_ms = [txn.event_time_ms for txn in transactions]
        days = [ist_day(time_ms) for time_ms in times_ms]
        buckets = [score.bucket for score in scores]
        return Block(
            rows=rows,
            features=features,
            scores=scores,
            days=np.array(days, np.int64),
            buckets=np.array(buckets, np.int64),
            amounts_paise=np.array([txn.amount_paise for txn in transactions], np.int64),
            frauds=np.array([UNKNOWN if row.is_fraud is None else row.is_fraud for row in rows], np.int8),
            alerted=self.spender.spend(times_ms, [txn.payee_vpa for txn in transactions], days, buckets),
        )
=======
        for judged in self.order.batches():
            alerted = self.spender.admit(
                [one.row.transaction.event_time_ms for one in judged],
                [one.day for one in judged],
                [one.score.bucket for one in judged],
                [one.may_alert for one in judged],
            )
            yield block_of(judged, alerted)
>>>>>>> b163248 (Export what workers decided, with its order, and replay it to the same decisions)
