"""What a part of the payee stage works on: items of several bundles, in their order, as tables.

Bundles carry their numbers as tables already; only where an item stands among the part's accounts is worked out here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.bundle import Kind
from features.events import ACCOUNT, COLUMNS
from features.vector import PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.bundle import Bundle
    from features.events import Events
    from features.transaction import Transaction


class Decided(NamedTuple):
    """A payment that is to be decided: where it stands in `transactions`, and whether it is late."""

    source: int
    offset: int
    transaction: Transaction
    late: bool


class Work:
    """Items in order; `places` says which account, by its VPA's bytes, has which place."""

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self._accounts: list[int] = []
        self._decided: list[Decided] = []
        self._decided_at: list[int] = []
        self._events: list[Events] = []
        self._rows: list[NDArray[np.float64]] = []

    def __len__(self) -> int:
        return len(self._accounts)

    def add(self, bundle: Bundle, start: int, end: int, applied: int) -> None:
        """Add the items of a bundle in [start, end) whose offset is past `applied`."""
        offsets, kinds = bundle.offsets, bundle.kinds
        while start < len(offsets) and offsets[start] <= applied:
            start += 1
        end = min(end, len(offsets))
        if start >= end:
            return
        verdicts_before = kinds.count(Kind.VERDICT, 0, start)
        transactions = islice(bundle.transactions, start - verdicts_before, None)
        verdicts = islice(bundle.verdicts, verdicts_before, None)
        places, accounts, source = self.places, self._accounts, bundle.payer_partition
        for at in range(start, end):
            kind = kinds[at]
            if kind == Kind.VERDICT:
                key = next(verdicts).payee_vpa.encode()
            else:
                txn = next(transactions)
                key = txn.payee_vpa.encode()
                if kind != Kind.WARM_UP:
                    self._decided_at.append(len(accounts))
                    self._decided.append(Decided(source, offsets[at], txn, kind == Kind.LATE))
            accounts.append(places.setdefault(key, len(places)))
        events, rows = bundle.tables()
        self._events.append(events[start:end])
        self._rows.append(rows[start:end])

    def events(self) -> Events:
        """Return what happened to which of the accounts, in order."""
        if not self._events:
            return np.empty((0, COLUMNS), np.int64)
        events = np.concatenate(self._events)
        events[:, ACCOUNT] = self._accounts
        return events

    def decided(self) -> tuple[list[Decided], list[int]]:
        """Return the payments to decide, and their places among the items."""
        return self._decided, self._decided_at

    def rows(self, payee_rows: NDArray[np.float64], places: list[int]) -> NDArray[np.float64]:
        """Return whole rows, the payer's features and then the payee's, of the items at those places."""
        payer_rows = np.concatenate(self._rows)
        rows = np.empty((len(places), PAYER_FEATURE_COUNT + payee_rows.shape[1]))
        rows[:, :PAYER_FEATURE_COUNT] = payer_rows[places]
        rows[:, PAYER_FEATURE_COUNT:] = payee_rows[places]
        return rows
