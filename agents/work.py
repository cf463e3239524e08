"""What a part of the payee stage works on: items of several bundles, in their order, as tables.

They are of one payee partition, or of several, one behind the other (`open` says where one begins). Bundles carry their
numbers as tables already; only where an item stands among the part's accounts is worked out here, and a payment with
`BOTH_BIT` becomes two events: the payment, then the debit of its payer's account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Kind
from agents.decided import Closed, Decisions
from agents.places import places_of
from features.events import (
    ACCOUNT,
    AMOUNT_PAISE,
    BITS,
    BOTH_BIT,
    COLUMNS,
    DEBIT,
    KIND,
    PAYMENT,
    TIME_MS,
    with_debits,
)
from features.pieces import begins_of
from features.vector import PAYER_FEATURE_COUNT
from features.wire_spans import PAYEE, PAYER, text_spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agents.bundle import Bundle
    from features.events import Events

_NONE = np.empty(0, np.int64)
_NO_ROWS = np.empty((0, PAYER_FEATURE_COUNT))
_NO_SOURCES = np.empty(0, np.int32)
_NO_MASK = np.empty(0, np.bool_)
_NO_EVENTS = np.empty((0, COLUMNS), np.int64)


class Work:
    """Items in order, of `partitions`; `places` says, one by one, which account, by its VPA's bytes, has which place.

    Closed by `close`.
    """

    def __init__(self) -> None:
        self.partitions: list[int] = []
        self.places: list[dict[bytes, int]] = []
        self._count = 0
        self._offsets: list[int] = []
        self._begins: list[int] = []
        self._kinds: list[bytes] = []
        self._contents: list[bytes] = []
        self._lengths: list[NDArray[np.int64]] = []
        self._sources: list[NDArray[np.int32]] = []
        self._events: list[Events] = []
        self._both: list[NDArray[np.bool_]] = []
        self._rows: list[NDArray[np.float64]] = []
        self._row_at = _NONE

    def __len__(self) -> int:
        """Return how much the items weigh: a debit, which seldom changes an account, a quarter of others."""
        return self._count

    def open(self, partition: int) -> None:
        """Say that what is added from now on is of this payee partition."""
        self.partitions.append(partition)
        self._begins.append(len(self._offsets))

    def add(self, bundle: Bundle, start: int, end: int, applied: Mapping[int, int]) -> None:
        """Add the items of a bundle in [start, end) that are not applied: past the offset known of their source."""
        end = min(end, len(bundle.offsets))
        sources, offsets = bundle.payer_partitions()[start:end], np.array(bundle.offsets[start:end], np.int64)
        new = np.ones(len(offsets), np.bool_)
        for source in np.unique(sources).tolist():
            new &= (sources != source) | (offsets > applied.get(source, -1))
        if new.all():
            self._add(bundle, start, end)
            return
        edges = np.flatnonzero(np.diff(np.concatenate([[False], new, [False]]).astype(np.int8)))
        for first, behind in edges.reshape(-1, 2).tolist():
            self._add(bundle, start + first, start + behind)

    def _add(self, bundle: Bundle, start: int, end: int) -> None:
        """Add the items of a bundle in [start, end)."""
        if start >= end:
            return
        self._offsets += bundle.offsets[start:end]
        self._kinds.append(bundle.kinds[start:end])
        ends = bundle.content_ends()
        begins = begins_of(ends)
        self._contents.append(bundle.contents[int(begins[start]) : int(ends[end - 1])])
        self._lengths.append(ends[start:end] - begins[start:end])
        self._sources.append(bundle.payer_partitions()[start:end])
        events, rows = bundle.tables()
        self._events.append(events[start:end])
        both = _both(events[start:end])
        self._both.append(both)
        debits = bundle.kinds.count(Kind.DEBIT, start, end)
        first, others = start - bundle.kinds.count(Kind.DEBIT, 0, start), end - start - debits
        self._rows.append(rows[first : first + others])
        self._count += others + (debits + int(np.count_nonzero(both)) + 3) // 4

    def close(self) -> Closed:
        """Return what happened to which of the accounts, and what is to be decided."""
        contents, ends = b"".join(self._contents), np.concatenate([_NONE, *self._lengths]).cumsum()
        spans = text_spans(np.frombuffer(contents, np.uint8), ends)
        items = np.concatenate([_NO_EVENTS, *self._events])
        both = np.concatenate([_NO_MASK, *self._both])
        at, debits = with_debits(both)
        events, accounts = items[at], spans[at, PAYEE : PAYEE + 2]
        events[debits, KIND], accounts[debits] = DEBIT, spans[at[debits], PAYER : PAYER + 2]
        item_ends = [*self._begins[1:], len(items)]
        event_ends = np.searchsorted(at, item_ends).tolist()
        events[:, ACCOUNT], self.places = places_of(_texts(contents, accounts), event_ends)
        kinds = np.frombuffer(b"".join(self._kinds), np.uint8)
        chosen = np.flatnonzero((kinds == Kind.PAYMENT) | (kinds == Kind.LATE))
        self._row_at = (np.cumsum(kinds != Kind.DEBIT) - 1)[chosen]
        sources, offsets = np.concatenate([_NO_SOURCES, *self._sources]), np.array(self._offsets, np.int64)
        decisions = Decisions(
            contents,
            begins_of(ends)[chosen],
            ends[chosen],
            spans[chosen],
            sources[chosen],
            offsets[chosen],
            items[chosen, TIME_MS],
            items[chosen, AMOUNT_PAISE],
            kinds[chosen] == Kind.LATE,
        )
        decision_ends = np.searchsorted(chosen, item_ends).tolist()
        return Closed(events, decisions, chosen + (np.cumsum(both) - both)[chosen], event_ends, decision_ends)

    def rows(self, payee_rows: NDArray[np.float64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return whole rows, the payer's features and then the payee's, of the payments at those places."""
        rows = np.empty((len(chosen), PAYER_FEATURE_COUNT + payee_rows.shape[1]))
        known = np.concatenate([_NO_ROWS, *self._rows])
        rows[:, :PAYER_FEATURE_COUNT] = known if len(known) == len(self._row_at) else known[self._row_at]
        rows[:, PAYER_FEATURE_COUNT:] = payee_rows[chosen]
        return rows


def _both(items: Events) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = (items[:, KIND] == PAYMENT) & (items[:, BITS] & BOTH_BIT != 0)
    return mask


def _texts(contents: bytes, spans: NDArray[np.int64]) -> list[bytes]:
    begins, ends = spans.T.tolist()
    return [contents[begin:end] for begin, end in zip(begins, ends, strict=True)]
