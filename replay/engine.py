"""Folds payments and verdicts in the order given and gives each accepted payment its row, its score, or both.

The two functions that the agents call, over dictionaries in memory. A payment's row is what was known strictly before
it; duplicates change nothing, conflicting ones are counted, both exactly as live.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features import payee, payer
from features.transaction import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from features.payee import PayeeState
    from features.payer import PayerState
    from features.transaction import Transaction
    from models.scoring import Score, Scorer

BATCH_ROWS = 1_000


class Row(NamedTuple):
    """A payment and its features in registry order."""

    transaction: Transaction
    features: list[float]


class Decided(NamedTuple):
    """A payment, its features and its score."""

    transaction: Transaction
    features: list[float]
    score: Score


class Replay:
    """State of all accounts, in memory; grows by what it is fed."""

    def __init__(self) -> None:
        self.payers: dict[str, PayerState] = {}
        self.payees: dict[str, PayeeState] = {}
        self.duplicates = 0
        self.conflicts = 0

    def feed(self, record: Transaction | Verdict) -> list[float] | None:
        """Fold one record; return the row of an accepted payment, None for a verdict or a duplicate."""
        payers, payees = self.payers, self.payees
        payer_state = payers.get(record.payer_vpa)
        if payer_state is None:
            payer_state = payer.empty()
        payee_state = payees.get(record.payee_vpa)
        if payee_state is None:
            payee_state = payee.empty()
        if isinstance(record, Verdict):
            payers[record.payer_vpa] = payer.fold_verdict(payer_state, record)
            payees[record.payee_vpa] = payee.fold_verdict(payee_state, record)
            return None
        seen = payer.seen_before(payer_state, record)
        if seen is not payer.Seen.NEW:
            self.duplicates += seen is payer.Seen.SAME
            self.conflicts += seen is payer.Seen.CONFLICT
            return None
        row = payer.read(payer_state, record) + payee.read(payee_state, record)
        payers[record.payer_vpa] = payer.fold(payer_state, record)
        payees[record.payee_vpa] = payee.fold(payee_state, record)
        return row

    def rows(self, records: Iterable[Transaction | Verdict]) -> Iterator[Row]:
        """Yield each accepted payment with its row."""
        for record in records:
            row = self.feed(record)
            if row is not None and not isinstance(record, Verdict):
                yield Row(record, row)

    def decisions(self, records: Iterable[Transaction | Verdict], scorer: Scorer) -> Iterator[Decided]:
        """Yield each accepted payment with row and score; scored in batches, which changes no score."""
        rows = self.rows(records)
        while batch := list(islice(rows, BATCH_ROWS)):
            scores = scorer.score(np.array([row.features for row in batch]))
            for row, score in zip(batch, scores, strict=True):
                yield Decided(row.transaction, row.features, score)
