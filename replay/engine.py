"""Folds payments and verdicts in the order given and gives each accepted payment its row, its score, or both.

The functions that the stages call, over dictionaries in memory, a batch at a time. A payment's row is what was known
strictly before it; duplicates change nothing, conflicting ones are counted, both exactly as live. How records are cut
into batches changes no answer.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.transaction import Transaction
from replay.sides import PayeeSide, PayerSide, events_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from features.transaction import Verdict
    from models.scoring import Score, Scorer

    Record = Transaction | Verdict

BATCH_ROWS = 1_000


class Row(NamedTuple):
    """A payment and its features in registry order, of shape [F]."""

    transaction: Transaction
    features: NDArray[np.float64]


class Decided(NamedTuple):
    """A payment, its features and its score."""

    transaction: Transaction
    features: NDArray[np.float64]
    score: Score


class Replay:
    """State of all accounts, in memory; grows by what it is fed."""

    def __init__(self) -> None:
        self.payer_side = PayerSide()
        self.payee_side = PayeeSide()

    @property
    def payers(self) -> dict[str, bytes]:
        """Accounts as payers."""
        return self.payer_side.states

    @property
    def payees(self) -> dict[str, bytes]:
        """Accounts as payees."""
        return self.payee_side.states

    @property
    def duplicates(self) -> int:
        """Payments that repeated an earlier one."""
        return self.payer_side.duplicates

    @property
    def conflicts(self) -> int:
        """Payments that repeated an earlier one's id with other content."""
        return self.payer_side.conflicts

    def feed(self, records: Sequence[Record]) -> tuple[list[Transaction], NDArray[np.float64]]:
        """Fold records in order; return the accepted payments and their rows of shape [n, F]."""
        events = events_of(records)
        kept, paid = self.payer_side.feed(records, events=events)
        records = [records[at] for at in kept]
        got = self.payee_side.feed(records, events=events[kept])
        places = [at for at, record in enumerate(records) if isinstance(record, Transaction)]
        rows = np.hstack([paid[[kept[at] for at in places]], got[places]])
        return [record for record in records if isinstance(record, Transaction)], rows

    def batches(self, records: Iterable[Record]) -> Iterator[tuple[list[Transaction], NDArray[np.float64]]]:
        """Yield accepted payments and their rows, batch after batch; a batch may be empty."""
        incoming = iter(records)
        while batch := list(islice(incoming, BATCH_ROWS)):
            yield self.feed(batch)

    def rows(self, records: Iterable[Record]) -> Iterator[Row]:
        """Yield each accepted payment with its row; records are taken a batch ahead of what is yielded."""
        for transactions, rows in self.batches(records):
            yield from map(Row, transactions, rows)

    def decisions(self, records: Iterable[Record], scorer: Scorer) -> Iterator[Decided]:
        """Yield each accepted payment with row and score; scored in batches, which changes no score."""
        rows = self.rows(records)
        while batch := list(islice(rows, BATCH_ROWS)):
            scores = scorer.score(np.array([row.features for row in batch]))
            for row, score in zip(batch, scores, strict=True):
                yield Decided(row.transaction, row.features, score)
