"""Puts each verdict where it became known: labels arrive late, and nothing may know them earlier."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from features.transaction import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from features.transaction import Transaction
    from replay.history import HistoryRow

SOURCE = "history"


def interleave_verdicts(rows: Iterable[HistoryRow], until_ms: int | None = None) -> Iterator[Transaction | Verdict]:
    """Yield payments in the order given, and each verdict before the first payment later than its label time.

    Verdicts that become known after the last payment, or after `until_ms`, are not yielded, and neither are those that
    change nothing: "no fraud" of a payment of which fraud was not said before. Memory holds the verdicts that are on
    their way and the ids of frauds.
    """
    said: set[str] = set()
    waiting: list[tuple[int, int, HistoryRow]] = []
    for number, row in enumerate(rows):
        txn = row.transaction
        while waiting and waiting[0][0] < txn.event_time_ms:
            known = heappop(waiting)[2]
            if known.is_fraud or known.transaction.transaction_id in said:
                said.add(known.transaction.transaction_id)
                yield verdict_of(known)
        yield txn
        if row.is_fraud is None or row.label_time_ms is None:
            continue
        if until_ms is None or row.label_time_ms <= until_ms:
            heappush(waiting, (row.label_time_ms, number, row))


def verdict_of(row: HistoryRow) -> Verdict:
    """Return the verdict of a labelled row."""
    txn = row.transaction
    return Verdict(
        txn.transaction_id,
        txn.event_time_ms,
        txn.amount_paise,
        txn.payer_vpa,
        txn.payee_vpa,
        bool(row.is_fraud),
        row.label_time_ms or txn.event_time_ms,
        SOURCE,
    )
