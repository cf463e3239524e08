"""Folds payments and verdicts in the order given and gives each accepted payment its row, its score, or both.

The functions that the stages call, over dictionaries in memory, a batch at a time. A payment's row is what was known
strictly before it; duplicates change nothing, conflicting ones are counted, both exactly as live. How records are cut
into batches changes no answer.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.events import ACCOUNT, payment_event, to_events, verdict_event
from features.hashing import party_hash
from features.payee import PAYEES
from features.payer import PAYERS
from features.side import CONFLICT, NEW
from features.transaction import Transaction
from features.vector import PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.side import Processed, Side
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
        self.payers: dict[str, bytes] = {}
        self.payees: dict[str, bytes] = {}
        self.duplicates = 0
        self.conflicts = 0

    def feed(self, records: Sequence[Record]) -> tuple[list[Transaction], NDArray[np.float64]]:
        """Fold records in order; return the accepted payments and their rows of shape [n, F]."""
        paid = _process(PAYERS, self.payers, [record.payer_vpa for record in records], _events(records, "payee_vpa"))
        self.conflicts += int(np.count_nonzero(paid.outcomes == CONFLICT))
        self.duplicates += int(np.count_nonzero((paid.outcomes != CONFLICT) & (paid.outcomes != NEW)))
        kept = np.flatnonzero(paid.outcomes == NEW).tolist()
        records = [records[at] for at in kept]
        got = _process(PAYEES, self.payees, [record.payee_vpa for record in records], _events(records, "payer_vpa"))
        places = [at for at, record in enumerate(records) if isinstance(record, Transaction)]
        rows = np.empty((len(places), PAYER_FEATURE_COUNT + got.rows.shape[1]))
        rows[:, :PAYER_FEATURE_COUNT] = paid.rows[[kept[at] for at in places]]
        rows[:, PAYER_FEATURE_COUNT:] = got.rows[places]
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


def _events(records: Sequence[Record], other: str) -> Events:
    """Return what happened, as of accounts yet to be told apart."""
    return to_events(
        [
            payment_event(record, 0, party_hash(getattr(record, other)))
            if isinstance(record, Transaction)
            else verdict_event(record, 0, party_hash(getattr(record, other)))
            for record in records
        ]
    )


def _process(side: Side, states: dict[str, bytes], accounts: Sequence[str], events: Events) -> Processed:
    """Process events of the accounts named beside them, and keep the new states."""
    places: dict[str, int] = {}
    events[:, ACCOUNT] = [places.setdefault(account, len(places)) for account in accounts]
    processed = side.process([states.get(account, b"") for account in places], events)
    states.update(zip(places, processed.states, strict=True))
    return processed
