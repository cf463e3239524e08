"""The two halves of a replay apart: payers in their order, payees in theirs, as the two stages work.

`replay.engine` runs both at once, which is right where every log had the same order. The recorded order has two, and a
replay on several processes splits accounts of both sides; these need the halves. Batches may be cut anywhere.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from features.events import (
    ACCOUNT,
    DEBIT,
    KIND,
    PARTY,
    debits_of,
    payment_event,
    to_events,
    verdict_event,
    with_debits,
)
from features.hashing import party_hash
from features.layout import NEVER
from features.payee import PAYEES
from features.payer import PAYERS
from features.side import CONFLICT, NEW
from features.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.side import Side
    from features.transaction import Verdict

    Record = Transaction | Verdict


class PayerSide:
    """Accounts as payers, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.duplicates = 0
        self.conflicts = 0
        self._newest_ms: dict[int, int] = {}

    def feed(
        self, records: Sequence[Record], partitions: Sequence[int] | None = None, events: Events | None = None
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Fold records in order; return the places of those accepted and the payer's features of all, [n, P].

        `partitions` are those that the records stood in, where they are known: each has a newest event time of its own.
        `events` are the records as `events_of` gives them, where the other side needs them too.
        """
        accounts = [record.payer_vpa for record in records]
        events = _seen_from("payee_vpa", records, events)
        outcomes, rows = _process(
            PAYERS, self.states, accounts, events, _groups(len(records), partitions), self._newest_ms
        )
        self.conflicts += int(np.count_nonzero(outcomes == CONFLICT))
        self.duplicates += int(np.count_nonzero((outcomes != CONFLICT) & (outcomes != NEW)))
        return np.flatnonzero(outcomes == NEW).tolist(), rows


class PayeeSide:
    """Accounts as payees, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self._newest_ms: dict[int, int] = {}

    def feed(
        self,
        records: Sequence[Record],
        partitions: Sequence[int] | None = None,
        events: Events | None = None,
        debits: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Fold records that the payer's side accepted, in order; return the payee's features of all, [n, Q].

        Each payment is followed by the debit of its payer's own account, unless `debits` says which of the records are
        there as that and nothing else: then every record is one event.
        """
        events = _seen_from("payer_vpa", records, events)
        if debits is None:
            at, debits = with_debits(debits_of(events))
            places, events = at.tolist(), events[at]
            records = [records[place] for place in places]
            partitions = None if partitions is None else [partitions[place] for place in places]
        events[debits, KIND] = DEBIT
        accounts = [
            record.payer_vpa if debit else record.payee_vpa
            for record, debit in zip(records, debits.tolist(), strict=True)
        ]
        groups = _groups(len(records), partitions)
        return _process(PAYEES, self.states, accounts, events, groups, self._newest_ms)[1][~debits]


def _groups(count: int, partitions: Sequence[int] | None) -> dict[int, list[int]]:
    """Return the places of each partition's records; all are of one where none is known."""
    if partitions is None:
        return {0: list(range(count))}
    groups: dict[int, list[int]] = {}
    for place, partition in enumerate(partitions):
        groups.setdefault(partition, []).append(place)
    return groups


_hash_of = lru_cache(1 << 18)(party_hash)


def events_of(records: Sequence[Record]) -> Events:
    """Return what happened, as of accounts and other sides yet to be told apart."""
    return to_events(
        [
            payment_event(record, 0, 0) if isinstance(record, Transaction) else verdict_event(record, 0, 0)
            for record in records
        ]
    )


def _seen_from(other: str, records: Sequence[Record], events: Events | None) -> Events:
    """Return events of our own with the account on the other side in them; None: made of the records first."""
    seen = events_of(records) if events is None else events.copy()
    seen[:, PARTY] = [_hash_of(vpa) for vpa in map(attrgetter(other), records)]
    return seen


def _process(  # noqa: PLR0917 - the two sides call it alike
    side: Side,
    states: dict[str, bytes],
    accounts: Sequence[str],
    events: Events,
    groups: dict[int, list[int]],
    newest_ms: dict[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Process events of the accounts named beside them, partition by partition; return outcomes and rows of all."""
    outcomes, rows = np.empty(len(events), np.int64), np.empty((len(events), side.width))
    for partition, places in groups.items():
        slots: dict[str, int] = {}
        own = events[places]
        own[:, ACCOUNT] = [slots.setdefault(accounts[place], len(slots)) for place in places]
        known = [states.get(account, b"") for account in slots]
        processed = side.process(known, own, newest_ms.get(partition, NEVER))
        newest_ms[partition] = processed.watermark_ms
        states.update(zip(slots, processed.states, strict=True))
        outcomes[places], rows[places] = processed.outcomes, processed.rows
    return outcomes, rows
