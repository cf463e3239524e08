"""A part of the payer stage: what happened to which accounts, and the bundles that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Bundle, encode_bundle
from agents.ports import Outgoing
from agents.reading import REJECTED
from agents.rejected import rejected
from features.errors import RejectedTransaction
from features.events import ACCOUNT, PARTY
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
        at = self.at[counts]
        payee_partitions = np.fromiter([read.payees[one].payee_partition for one in at.tolist()], np.int64, len(at))
        outputs = []
        for payee_partition in dict.fromkeys(payee_partitions.tolist()):
            chosen = counts[payee_partitions == payee_partition]
            for start in range(0, len(chosen), BUNDLE_ITEMS_MAX):
                value = self._bundle(chosen[start : start + BUNDLE_ITEMS_MAX], processed, partition)
                outputs.append(Outgoing("transactions-by-payee", payee_partition, None, value))
        return outputs

    def _bundle(self, chosen: np.ndarray, processed: Processed, partition: int) -> bytes:
        read, whole = self._read, self.at[chosen]
        at = whole.tolist()
        events = self.events[chosen]
        events[:, PARTY] = [read.payers[one].party for one in at]
        items = (
            [read.records[one].offset for one in at],
            read.kinds[whole].tobytes(),
            [read.contents[one] for one in at],
        )
        return encode_bundle(Bundle.of(partition, items, (events, processed.rows[chosen])))
