"""What a part of the payee stage works on: items of several bundles, in their order, as tables.

Bundles carry their numbers as tables already; only where an item stands among the part's accounts is worked out here,
and a payment with `BOTH_BIT` becomes two events: the payment, then the debit of its payer's account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from agents.bundle import Kind
from features.events import ACCOUNT, AMOUNT_PAISE, BITS, BOTH_BIT, COLUMNS, DEBIT, KIND, PAYMENT, TIME_MS
from features.pieces import Pieces, begins_of
from features.transaction import Transaction
from features.vector import PAYER_FEATURE_COUNT
from features.wire_spans import PAYEE, PAYER, text_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from agents.bundle import Bundle
    from features.events import Events

_NONE = np.empty(0, np.int64)
_NO_EVENTS = np.empty((0, COLUMNS), np.int64)

_decoder = msgspec.msgpack.Decoder(Transaction)


class Decided(NamedTuple):
    """A payment that is to be decided: where it stands in `transactions`, and whether it is late."""

    source: int
    offset: int
    transaction: Transaction
    late: bool


class Decisions(NamedTuple):
    """The n payments of a part that are to be decided, as columns; iterating makes them one by one.

    `contents` holds the msgpack of all items, `begins` and `ends` where each of these stands in it, `spans` [n, SPANS]
    where its texts do.
    """

    contents: bytes
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    spans: NDArray[np.int64]
    sources: NDArray[np.int64]
    offsets: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    amounts_paise: NDArray[np.int64]
    late: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.ends)

    def one(self, at: int) -> Decided:
        """Return the payment at a place."""
        transaction = _decoder.decode(self.contents[self.begins[at] : self.ends[at]])
        return Decided(int(self.sources[at]), int(self.offsets[at]), transaction, bool(self.late[at]))

    def each(self) -> Iterator[Decided]:
        """Yield the payments one by one, for what is asked of few."""
        return map(self.one, range(self.size))

    def payer_keys(self) -> Pieces:
        """Return each payer's VPA."""
        return Pieces(np.frombuffer(self.contents, np.uint8), self.spans[:, PAYER], self.spans[:, PAYER + 1])


class Work:
    """Items in order; `places` says which account, by its VPA's bytes, has which place. Closed by `close`."""

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self._count = 0
        self._offsets: list[int] = []
        self._kinds: list[bytes] = []
        self._contents: list[bytes] = []
        self._lengths: list[NDArray[np.int64]] = []
        self._sources: list[NDArray[np.int64]] = []
        self._events: list[Events] = []
        self._rows: list[NDArray[np.float64]] = []
        self._row_at = _NONE

    def __len__(self) -> int:
        """Return how much the items weigh: a debit, which seldom changes an account, a quarter of others."""
        return self._count

    def add(self, bundle: Bundle, start: int, end: int, applied: int) -> None:
        """Add the items of a bundle in [start, end) whose offset is past `applied`."""
        offsets = bundle.offsets
        while start < len(offsets) and offsets[start] <= applied:
            start += 1
        end = min(end, len(offsets))
        if start >= end:
            return
        self._offsets += offsets[start:end]
        self._kinds.append(bundle.kinds[start:end])
        ends = bundle.content_ends()
        begins = begins_of(ends)
        self._contents.append(bundle.contents[int(begins[start]) : int(ends[end - 1])])
        self._lengths.append(ends[start:end] - begins[start:end])
        self._sources.append(np.full(end - start, bundle.payer_partition))
        events, rows = bundle.tables()
        self._events.append(events[start:end])
        debits = bundle.kinds.count(Kind.DEBIT, start, end)
        first, others = start - bundle.kinds.count(Kind.DEBIT, 0, start), end - start - debits
        self._rows.append(rows[first : first + others])
        self._count += others + (debits + int(np.count_nonzero(_both(events[start:end]))) + 3) // 4

    def close(self) -> tuple[Events, Decisions, NDArray[np.int64]]:
        """Return what happened to which of the accounts, the payments to decide, and their places among the events."""
        contents, ends = b"".join(self._contents), np.concatenate([_NONE, *self._lengths]).cumsum()
        spans = text_spans(np.frombuffer(contents, np.uint8), ends)
        items = np.concatenate([_NO_EVENTS, *self._events])
        both = _both(items)
        at = np.repeat(np.arange(len(items)), 1 + both)
        seconds = np.flatnonzero(at[1:] == at[:-1]) + 1
        events, accounts = items[at], spans[at, PAYEE : PAYEE + 2]
        events[seconds, KIND], accounts[seconds] = DEBIT, spans[at[seconds], PAYER : PAYER + 2]
        places = self.places
        events[:, ACCOUNT] = [places.setdefault(key, len(places)) for key in _texts(contents, accounts)]
        kinds = np.frombuffer(b"".join(self._kinds), np.uint8)
        chosen = np.flatnonzero((kinds == Kind.PAYMENT) | (kinds == Kind.LATE))
        self._row_at = (np.cumsum(kinds != Kind.DEBIT) - 1)[chosen]
        sources, offsets = np.concatenate([_NONE, *self._sources]), np.array(self._offsets, np.int64)
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
        return events, decisions, chosen + (np.cumsum(both) - both)[chosen]

    def rows(self, payee_rows: NDArray[np.float64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return whole rows, the payer's features and then the payee's, of the payments at those places."""
        rows = np.empty((len(chosen), PAYER_FEATURE_COUNT + payee_rows.shape[1]))
        rows[:, :PAYER_FEATURE_COUNT] = np.concatenate(self._rows)[self._row_at]
        rows[:, PAYER_FEATURE_COUNT:] = payee_rows[chosen]
        return rows


def _both(items: Events) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = (items[:, KIND] == PAYMENT) & (items[:, BITS] & BOTH_BIT != 0)
    return mask


def _texts(contents: bytes, spans: NDArray[np.int64]) -> list[bytes]:
    begins, ends = spans.T.tolist()
    return [contents[begin:end] for begin, end in zip(begins, ends, strict=True)]
