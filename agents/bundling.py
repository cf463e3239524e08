"""A part of the payer stage: what happened to which accounts, and the bundles that it becomes.

Each payment that counts goes to its payee's partition, and, unless it failed, as a debit to its payer's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Bundle, Kind, debit_content, encode_bundle
from agents.ports import Outgoing
from agents.reading import REJECTED
from agents.rejected import rejected
from features.errors import RejectedTransaction
from features.events import ACCOUNT, AMOUNT_PAISE, BITS, BOTH_BIT, DEBIT, KIND, PARTY, TIME_MS, debits_of
from features.side import CONFLICT, SAME

if TYPE_CHECKING:
    from agents.reading import Records
    from features.events import Events
    from features.side import Processed

SOURCE = "transactions"
#: Items of the largest fields allowed stay under Kafka's default of 1 MiB a record.
BUNDLE_ITEMS_MAX = 256


class Entries:
    """What of the records in [start, end) is to be folded.

    `at` says which records, `places` which account, by its VPA's bytes, has which place.
    """

    def __init__(self, read: Records, start: int, end: int) -> None:
        self._read = read
        self.at = start + np.flatnonzero(read.kinds[start:end] != REJECTED)
        self.places: dict[bytes, int] = {}
        places, payers = self.places, read.payers
        self.events: Events = read.events[self.at]
        self.events[:, ACCOUNT] = [places.setdefault(payers[at].key, len(places)) for at in self.at.tolist()]

    def conflicts(self, processed: Processed, partition: int) -> list[Outgoing]:
        """Return what conflicts with an earlier payment, for `rejected`."""
        outputs = []
        for at in self.at[processed.outcomes == CONFLICT].tolist():
            detail = f"transaction_id {self._read.transaction_id(at)!r} came before with other content"
            error = RejectedTransaction("conflicting_duplicate", detail)
            outputs.append(rejected(self._read.records[at], error, SOURCE, partition))
        return outputs

    def bundles(self, processed: Processed, partition: int) -> list[Outgoing]:
        """Return the bundles of what counts, neither repeats nor conflicts, by payee partition."""
        read = self._read
        counts = np.flatnonzero((processed.outcomes != SAME) & (processed.outcomes != CONFLICT))
        at = self.at[counts].tolist()
        to_payee = np.fromiter([read.payees[one].payee_partition for one in at], np.int64, len(at))
        to_payer = np.fromiter([read.payers[one].payee_partition for one in at], np.int64, len(at))
        paid = debits_of(self.events[counts])
        apart = paid & (to_payer != to_payee)
        self.events[counts[paid & ~apart], BITS] |= BOTH_BIT
        # Each item by its place: that of its record, twice, and one more for a debit, which comes behind its payment.
        places = np.sort(np.concatenate([2 * counts, 2 * counts[apart] + 1]))
        partitions = np.empty(2 * len(self.at), np.int64)
        partitions[2 * counts], partitions[2 * counts + 1] = to_payee, to_payer
        partitions = partitions[places]
        outputs = []
        for payee_partition in dict.fromkeys(partitions.tolist()):
            chosen = places[partitions == payee_partition]
            for start in range(0, len(chosen), BUNDLE_ITEMS_MAX):
                value = self._bundle(chosen[start : start + BUNDLE_ITEMS_MAX], processed, partition)
                outputs.append(Outgoing("transactions-by-payee", payee_partition, None, value))
        return outputs

    def _bundle(self, places: np.ndarray, processed: Processed, partition: int) -> bytes:
        read, chosen, debits = self._read, places >> 1, (places & 1).astype(np.bool_)
        whole = self.at[chosen]
        at, payers = whole.tolist(), read.payers
        events = self.events[chosen]
        events[:, PARTY] = [payers[one].party for one in at]
        kinds, contents = read.kinds[whole], [read.contents[one] for one in at]
        kinds[debits] = Kind.DEBIT
        events[debits] = lean_events(events[debits])
        for place in np.flatnonzero(debits).tolist():
            contents[place] = debit_content(payers[at[place]].key)
        items = [read.records[one].offset for one in at], kinds.tobytes(), contents
        return encode_bundle(Bundle.of(partition, items, (events, processed.rows[chosen[~debits]])))


def lean_events(events: Events) -> Events:
    """Return payments as debits: when and how much, and nothing else."""
    lean = np.zeros_like(events)
    lean[:, KIND] = DEBIT
    lean[:, TIME_MS], lean[:, AMOUNT_PAISE] = events[:, TIME_MS], events[:, AMOUNT_PAISE]
    return lean
