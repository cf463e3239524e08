"""Payments that are to be decided, as the payee stage has them: columns, and one by one where few are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from features.pieces import Pieces
from features.transaction import Transaction
from features.wire_spans import PAYER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from features.events import Events

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
    sources: NDArray[np.int32]
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

    def some(self, begin: int, end: int) -> Decisions:
        """Return the payments from one place to another."""
        if begin == 0 and end == self.size:
            return self
        lane = slice(begin, end)
        return Decisions._make([self.contents, *(column[lane] for column in self[1:])])

    def payer_keys(self) -> Pieces:
        """Return each payer's VPA."""
        return Pieces(np.frombuffer(self.contents, np.uint8), self.spans[:, PAYER], self.spans[:, PAYER + 1])


class Closed(NamedTuple):
    """What items came to: events, the payments to decide, and their places among the events.

    Of the partition at a place, events end at `event_ends` and decisions at `decision_ends`.
    """

    events: Events
    decisions: Decisions
    chosen: NDArray[np.int64]
    event_ends: list[int]
    decision_ends: list[int]
