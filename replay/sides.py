"""The two halves of a replay apart: payers in their order, payees in theirs, as the two stages work.

`replay.engine` runs both at once, which is right where every log had the same order. The recorded order has two, and a
replay on several processes splits accounts of both sides; these need the halves. Batches may be cut anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.events import ACCOUNT, payment_event, to_events, verdict_event
from features.hashing import party_hash
from features.payee import PAYEES
from features.payer import PAYERS
from features.side import CONFLICT, NEW
from features.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.side import Processed, Side
    from features.transaction import Verdict

    Record = Transaction | Verdict


class PayerSide:
    """Accounts as payers, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.duplicates = 0
        self.conflicts = 0

    def feed(self, records: Sequence[Record]) -> tuple[list[int], NDArray[np.float64]]:
        """Fold records in order; return the places of those accepted and the payer's features of all, [n, P]."""
        accounts = [record.payer_vpa for record in records]
        paid = _process(PAYERS, self.states, accounts, _events(records, "payee_vpa"))
        self.conflicts += int(np.count_nonzero(paid.outcomes == CONFLICT))
        self.duplicates += int(np.count_nonzero((paid.outcomes != CONFLICT) & (paid.outcomes != NEW)))
        return np.flatnonzero(paid.outcomes == NEW).tolist(), paid.rows


class PayeeSide:
    """Accounts as payees, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}

    def feed(self, records: Sequence[Record]) -> NDArray[np.float64]:
        """Fold records that the payer's side accepted, in order; return the payee's features of all, [n, Q]."""
        accounts = [record.payee_vpa for record in records]
        return _process(PAYEES, self.states, accounts, _events(records, "payer_vpa")).rows


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
