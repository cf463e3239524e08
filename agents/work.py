"""What a part of the payee stage works on: items of several bundles, in their order, as tables.

They are of one payee partition, or of several, one behind the other (`open` says where one begins). Bundles carry their
numbers as tables already, which are only put one behind the other; `agents.laying_out` says what they came to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents import laying_out
from agents.bundle import Kind
from agents.cutting import first_offsets, part_of
from agents.decided import Closed, Decisions
from agents.laying_out import Items, count_both, join_rows, lay_out
from agents.places import places_of
from features.events import ACCOUNT, COLUMNS
from features.vector import PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agents.bundle import Bundle


class Work:
    """Items in order, of `partitions`; `places` says, one by one, which account, by its VPA's bytes, has which place.

    Closed by `close`.
    """

    def __init__(self) -> None:
        self.partitions: list[int] = []
        self.places: list[dict[bytes, int]] = []
        self._count = 0
        self._begins: list[int] = []
        self._offsets: list[int] = []
        self._bundles: list[Bundle] = []
        self._bundle_ends: list[int] = []
        self._decided = np.empty((0, 0), np.int64)

    def __len__(self) -> int:
        """Return how much the items weigh: a debit, which seldom changes an account, a quarter of others."""
        return self._count

    def open(self, partition: int) -> None:
        """Say that what is added from now on is of this payee partition."""
        self.partitions.append(partition)
        self._begins.append(len(self._offsets))

    def add(self, bundle: Bundle, applied: Mapping[int, int]) -> None:
        """Add the items of a bundle that are not applied: past the offset known of their source."""
        if all(offset > applied.get(source, -1) for source, offset in first_offsets(bundle).items()):
            self._add(bundle)
            return
        sources, offsets = bundle.payer_partitions(), np.array(bundle.offsets, np.int64)
        new = np.ones(len(offsets), np.bool_)
        for source in np.unique(sources).tolist():
            new &= (sources != source) | (offsets > applied.get(source, -1))
        edges = np.flatnonzero(np.diff(np.concatenate([[False], new, [False]]).astype(np.int8)))
        for first, behind in edges.reshape(-1, 2).tolist():
            self._add(part_of(bundle, first, behind))

    def _add(self, bundle: Bundle) -> None:
        if not bundle.offsets:
            return
        self._offsets += bundle.offsets
        self._bundles.append(bundle)
        self._bundle_ends.append(len(self._offsets))
        debits = bundle.kinds.count(Kind.DEBIT)
        self._count += len(bundle.offsets) - debits + (debits + count_both(bundle.events_table()) + 3) // 4

    def close(self) -> Closed:
        """Return what happened to which of the accounts, and what is to be decided."""
        some = self._bundles
        contents = b"".join([one.contents for one in some])
        items = Items(
            np.frombuffer(contents, np.uint8),
            np.frombuffer(b"".join([one.ends for one in some]), np.int64),
            np.array(self._bundle_ends, np.int64),
            np.frombuffer(b"".join([one.kinds for one in some]), np.uint8),
            np.frombuffer(b"".join([one.sources for one in some]), np.int32),
            np.array(self._offsets, np.int64),
            np.frombuffer(b"".join([one.events for one in some]), np.int64).reshape(-1, COLUMNS),
        )
        laid = lay_out(items, np.array([*self._begins[1:], len(self._offsets)], np.int64))
        begins, ends = laid.accounts.T.tolist()
        keys = [contents[begin:end] for begin, end in zip(begins, ends, strict=True)]
        event_ends, decision_ends = laid.lane_ends.T.tolist()
        laid.events[:, ACCOUNT], self.places = places_of(keys, event_ends)
        self._decided = decided = laid.decided
        decisions = Decisions(
            contents,
            decided[laying_out.BEGIN],
            decided[laying_out.END],
            laid.spans,
            laid.sources,
            decided[laying_out.OFFSET],
            decided[laying_out.AT_MS],
            decided[laying_out.PAISE],
            laid.late,
        )
        return Closed(laid.events, decisions, decided[laying_out.EVENT], event_ends, decision_ends)

    def rows(self, payee_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return whole rows, the payer's features and then the payee's, of the payments to decide."""
        known = np.frombuffer(b"".join([one.rows for one in self._bundles]), np.float64)
        self._bundles.clear()  # megabytes of a full part, and nobody reads them again
        rows = np.empty((self._decided.shape[1], PAYER_FEATURE_COUNT + payee_rows.shape[1]))
        join_rows(known.reshape(-1, PAYER_FEATURE_COUNT), payee_rows, self._decided, rows)
        return rows
