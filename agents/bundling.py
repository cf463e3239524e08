"""A part of the payer stage: what happened to which accounts, and the bundles that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.bundle import BUNDLE_VERSION, Bundle, Kind, encode_bundle
from agents.ports import Outgoing
from agents.rejected import rejected
from features.errors import RejectedTransaction
from features.events import PARTY, payment_event, to_events, verdict_event
from features.side import CONFLICT, SAME
from features.transaction import Transaction, Verdict, is_late

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agents.names import Name
    from agents.parsing import Parsed
    from features.events import Events
    from features.side import Processed

SOURCE = "transactions"
#: Items of the largest fields allowed stay under Kafka's default of 1 MiB a record.
BUNDLE_ITEMS_MAX = 256


class Entry(NamedTuple):
    """A payment or verdict of a part, with whom it is between."""

    item: Parsed
    content: Transaction | Verdict
    payer: Name
    payee: Name


class Entries:
    """What of a part is to be folded; `places` says which account, by its VPA's bytes, has which place."""

    def __init__(self, parsed: Sequence[Parsed]) -> None:
        self._entries: list[Entry] = []
        self.places: dict[bytes, int] = {}
        rows = []
        for item in parsed:
            content, payer, payee = item.content, item.payer, item.payee
            if payer is None or payee is None or isinstance(content, RejectedTransaction):
                continue
            self._entries.append(Entry(item, content, payer, payee))
            place = self.places.setdefault(payer.key, len(self.places))
            if isinstance(content, Transaction):
                rows.append(payment_event(content, place, payee.party))
            else:
                rows.append(verdict_event(content, place, payee.party))
        self.events: Events = to_events(rows)

    def accepted(self, processed: Processed) -> Iterator[tuple[int, Entry]]:
        """Yield what counts, with its place: neither repeats nor conflicts."""
        for at, outcome in enumerate(processed.outcomes.tolist()):
            if outcome not in (SAME, CONFLICT):
                yield at, self._entries[at]

    def conflicts(self, processed: Processed, partition: int) -> list[Outgoing]:
        """Return what conflicts with an earlier payment, for `rejected`."""
        outputs = []
        for at in np.flatnonzero(processed.outcomes == CONFLICT).tolist():
            entry = self._entries[at]
            detail = f"transaction_id {entry.content.transaction_id!r} came before with other content"
            error = RejectedTransaction("conflicting_duplicate", detail)
            outputs.append(rejected(entry.item.record, error, SOURCE, partition))
        return outputs

    def bundles(self, accepted: Sequence[tuple[int, Entry]], processed: Processed, partition: int) -> list[Outgoing]:
        """Return the bundles of what counts, by payee partition."""
        by_partition: dict[int, list[int]] = {}
        for at, entry in accepted:
            by_partition.setdefault(entry.payee.payee_partition, []).append(at)
        events = self.events.copy()
        events[:, PARTY] = [entry.payer.party for entry in self._entries]
        outputs = []
        for payee_partition, chosen in by_partition.items():
            for start in range(0, len(chosen), BUNDLE_ITEMS_MAX):
                some = chosen[start : start + BUNDLE_ITEMS_MAX]
                entries = [self._entries[at] for at in some]
                value = _bundle(entries, events[some].tobytes(), processed.rows[some].tobytes(), partition)
                outputs.append(Outgoing("transactions-by-payee", payee_partition, None, value))
        return outputs


def _bundle(entries: Sequence[Entry], events: bytes, rows: bytes, partition: int) -> bytes:
    bundle = Bundle(
        BUNDLE_VERSION,
        partition,
        [entry.item.record.offset for entry in entries],
        bytes([_kind(entry.item) for entry in entries]),
        [entry.content for entry in entries if isinstance(entry.content, Transaction)],
        [entry.content for entry in entries if isinstance(entry.content, Verdict)],
        [],
        events,
        rows,
    )
    return encode_bundle(bundle)


def _kind(item: Parsed) -> Kind:
    if not isinstance(item.content, Transaction):
        return Kind.VERDICT
    if item.warm_up:
        return Kind.WARM_UP
    return Kind.LATE if is_late(item.content, item.record.timestamp) else Kind.PAYMENT
