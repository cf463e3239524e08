"""A part of the payer stage: what happened to which accounts, and the bundles that it becomes.

Each payment that counts goes to its payee's partition, and, unless it failed, as a debit to its payer's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Bundle, Kind, debit_content, encode_bundle
from agents.places import places_of
from agents.ports import Outgoing
from agents.reading import REJECTED, Records
from agents.rejected import rejected
from features.errors import RejectedTransaction
from features.events import ACCOUNT, AMOUNT_PAISE, BITS, BOTH_BIT, DEBIT, KIND, PARTY, TIME_MS, debits_of
from features.side import CONFLICT, SAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.processed import Processed

SOURCE = "transactions"
#: Items of the largest fields allowed stay under Kafka's default of 1 MiB a record.
BUNDLE_ITEMS_MAX = 256


class Entries:
    """What of some records is to be folded: `pieces` are (partition, records, start, end), a piece of each partition.

    `order` names records by their place, piece behind piece, in the order in which they go on. Events stand piece
    behind piece too: those of the partition at a place end at `event_ends`, and `places` says, partition by partition,
    which account, by its VPA's bytes, has which place.
    """

    def __init__(self, pieces: Sequence[tuple[int, Records, int, int]], order: NDArray[np.int64]) -> None:
        self.partitions = [partition for partition, *_ in pieces]
        self._read = read = Records.joined([(records, start, end) for _, records, start, end in pieces])
        self._ends = np.cumsum([end - start for _, _, start, end in pieces])
        self._sources = np.repeat(np.array(self.partitions, np.int32), np.diff(self._ends, prepend=0))
        self.at = np.flatnonzero(read.kinds != REJECTED)
        # By the place at which a record goes on: which event it is.
        self._rank = np.empty(len(read), np.int64)
        self._rank[order] = np.arange(len(read))
        self._event = np.empty(len(read), np.int64)
        self._event[self._rank[self.at]] = np.arange(len(self.at))
        self.events: Events = read.events[self.at]
        self.event_ends: list[int] = np.searchsorted(self.at, self._ends).tolist()
        keys = [read.payers[at] for at in self.at.tolist()]
        self.events[:, ACCOUNT], self.places = places_of(keys, self.event_ends)

    def last_offsets(self) -> list[int]:
        """Return the offset of the last record of each partition."""
        return [self._read.records[end - 1].offset for end in self._ends.tolist()]

    def rejections(self) -> list[Outgoing]:
        """Return what cannot be read, for `rejected`."""
        return [self._rejected(at, error) for at, error in self._read.rejections.items()]

    def conflicts(self, processed: Processed) -> list[Outgoing]:
        """Return what conflicts with an earlier payment, for `rejected`."""
        outputs = []
        for at in self.at[processed.outcomes == CONFLICT].tolist():
            detail = f"transaction_id {self._read.transaction_id(at)!r} came before with other content"
            outputs.append(self._rejected(at, RejectedTransaction("conflicting_duplicate", detail)))
        return outputs

    def _rejected(self, at: int, error: RejectedTransaction) -> Outgoing:
        return rejected(self._read.records[at], error, SOURCE, int(self._sources[at]))

    def bundles(self, processed: Processed) -> list[Outgoing]:
        """Return the bundles of what counts, neither repeats nor conflicts, by payee partition."""
        read = self._read
        counts = np.flatnonzero((processed.outcomes != SAME) & (processed.outcomes != CONFLICT))
        at = self.at[counts]
        to_payee, to_payer = read.payee_homes[at], read.payer_homes[at]
        paid = debits_of(self.events[counts])
        apart = paid & (to_payer != to_payee)
        self.events[counts[paid & ~apart], BITS] |= BOTH_BIT
        # Each item by its place: that at which its record goes on, twice, and one more for a debit, behind its payment.
        ranks = self._rank[at]
        places = np.sort(np.concatenate([2 * ranks, 2 * ranks[apart] + 1]))
        partitions = np.empty(2 * len(read), np.int64)
        partitions[2 * ranks], partitions[2 * ranks + 1] = to_payee, to_payer
        partitions = partitions[places]
        outputs = []
        for payee_partition in dict.fromkeys(partitions.tolist()):
            chosen = places[partitions == payee_partition]
            for start in range(0, len(chosen), BUNDLE_ITEMS_MAX):
                value = self._bundle(chosen[start : start + BUNDLE_ITEMS_MAX], processed)
                outputs.append(Outgoing("transactions-by-payee", payee_partition, None, value))
        return outputs

    def _bundle(self, places: NDArray[np.int64], processed: Processed) -> bytes:
        read, chosen, debits = self._read, self._event[places >> 1], (places & 1).astype(np.bool_)
        whole = self.at[chosen]
        at = whole.tolist()
        events = self.events[chosen]
        events[:, PARTY] = read.payer_parties[whole]
        kinds, contents = read.kinds[whole], [read.contents[one] for one in at]
        kinds[debits] = Kind.DEBIT
        events[debits] = lean_events(events[debits])
        for place in np.flatnonzero(debits).tolist():
            contents[place] = debit_content(read.payers[at[place]])
        items = [read.records[one].offset for one in at], kinds.tobytes(), contents
        return encode_bundle(Bundle.of(self._sources[whole], items, (events, processed.rows[chosen[~debits]])))


def lean_events(events: Events) -> Events:
    """Return payments as debits: when and how much, and nothing else."""
    lean = np.zeros_like(events)
    lean[:, KIND] = DEBIT
    lean[:, TIME_MS], lean[:, AMOUNT_PAISE] = events[:, TIME_MS], events[:, AMOUNT_PAISE]
    return lean
