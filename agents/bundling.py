"""A part of the payer stage: what happened to which accounts, and the bundles that it becomes.

Each payment that counts goes to its payee's partition, and, unless it failed, as a debit to its payer's own.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Bundle, debit_content, encode_bundle
from agents.overdue_places import overdue_place, overdue_source
from agents.places import places_of
from agents.ports import Outgoing
from agents.reading import REJECTED, Records
from agents.rejected import rejected
from agents.spreading import items_of, spread
from features.errors import RejectedTransaction
from features.events import ACCOUNT
from features.side import CONFLICT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.processed import Processed

SOURCE = "transactions"
#: Items of the largest fields allowed stay under Kafka's default of 1 MiB a record.
BUNDLE_ITEMS_MAX = 256
_NO_EVENT = -1


class Entries:
    """What of some records is to be folded: `pieces` are (partition, records, start, end), a piece of each partition.

    `order` names records by their place, piece behind piece, in the order in which they go on. Events stand piece
    behind piece too: those of the partition at a place end at `event_ends`, and `places` says, partition by partition,
    which account, by its VPA's bytes, has which place.
    """

    def __init__(self, pieces: Sequence[tuple[int, Records, int, int]], order: NDArray[np.int64]) -> None:
        self.partitions = [partition for partition, *_ in pieces]
        self._read = read = Records.joined([(records, start, end) for _, records, start, end in pieces])
        counts = [end - start for _, _, start, end in pieces]
        self._ends = list(accumulate(counts))
        self._sources = np.repeat(np.array(self.partitions, np.int32), counts)
        self._order = order
        self._event_of = np.arange(len(read))
        self.at, keys = self._event_of, read.payers
        self.event_ends = self._ends
        if not read.whole:
            self.at = np.flatnonzero(read.kinds != REJECTED)
            self._event_of = np.full(len(read), _NO_EVENT)
            self._event_of[self.at] = np.arange(len(self.at))
            keys = [read.payers[at] for at in self.at.tolist()]
            self.event_ends = np.searchsorted(self.at, self._ends).tolist()
        self.events: Events = read.events[self.at]
        self.events[:, ACCOUNT], self.places = places_of(keys, self.event_ends)

    def last_offsets(self) -> list[int]:
        """Return up to which offset of each partition everything is among these, or was before."""
        overdue = set(self._read.overdue)
        offsets = [self._read.records[end - 1].offset for end in self._ends]
        return [
            overdue_place(offset)[0] - 1 if end - 1 in overdue else offset
            for offset, end in zip(offsets, self._ends, strict=True)
        ]

    def overdue_ranks(self) -> dict[int, int]:
        """Return the rank of the last overdue verdict of each partition that has one here."""
        records = self._read.records
        return {int(self._sources[at]): overdue_place(records[at].offset)[1] for at in self._read.overdue}

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
        read, event_of = self._read, self._event_of
        homes = read.payer_homes, read.payee_homes
        records, debits, ends = spread(self._order, event_of, self.events, processed.outcomes, *homes)
        if not len(records):
            return []
        events, kinds, rows, row_ends = items_of(
            (records, debits), event_of, self.events, processed.rows, read.payer_parties, read.kinds
        )
        at = records.tolist()
        contents, offsets = [read.contents[one] for one in at], [read.records[one].offset for one in at]
        for place in np.flatnonzero(debits).tolist():
            contents[place] = debit_content(read.payers[at[place]])
        sources, kind_bytes, rows_until = self._sources[records], kinds.tobytes(), [0, *row_ends.tolist()]
        if read.overdue:
            overdue = np.isin(records, read.overdue)
            sources[overdue] = [overdue_source(partition) for partition in sources[overdue].tolist()]
        outputs, begin = [], 0
        for partition, last in enumerate(ends.tolist()):
            while begin < last:
                end = min(last, begin + BUNDLE_ITEMS_MAX)
                items = offsets[begin:end], kind_bytes[begin:end], contents[begin:end]
                tables = events[begin:end], rows[rows_until[begin] : rows_until[end]]
                value = encode_bundle(Bundle.of(sources[begin:end], items, tables))
                outputs.append(Outgoing("transactions-by-payee", partition, None, value))
                begin = end
        return outputs
