"""What the payer stage hands to the payee stage: payments, debits and verdicts of one payee partition, by time.

A bundle is one Kafka record in msgpack, so that the cost of a record is shared by all its items. They come from all
payer partitions that the worker computes together; each carries its own source partition and offset: after a crash the
payer stage cuts other bundles, and the payee stage skips item by item. Those of one source are in the order of their
offsets. Control records (rules, models and lists put in force) come as bundles of their own from `CONTROL_SOURCE`.

A payment goes to its payee's partition; that its payer's account paid, a debit, to that account's. Where the two are
one the payment's event has `BOTH_BIT` and there is no second item: an offset comes once in each payee partition, so
that skipping by offset is whole.

Layout: `[version, sources, offsets, kinds, contents, ends, controls, events, rows]`. `sources` (32-bit integers),
`offsets` and `kinds` have an entry per item. `contents` are the msgpack of each `Transaction` or `Verdict`, one behind
the other, and `ends` where each ends; that of a debit names the account alone. `events` and `rows` are tables in
native little-endian columns, a row per item: what `features.events` says of it from the payee's side, and the payer's
features, which a verdict leaves at zero and of which a debit has none.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from agents.versioned import decode_versioned
from features.events import AMOUNT_PAISE, BITS, BOTH_BIT, COLUMNS, TIME_MS
from features.transaction import Transaction, Verdict
from features.vector import PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

BUNDLE_VERSION = 5
#: The payer partition that control records stand for; their offsets are those of `control`.
CONTROL_SOURCE = -1


class Kind(IntEnum):
    """What an item is: a payment to decide, in time or late; one that only fills the tables; a verdict; a control.

    DEBIT: a payment by an account of this partition to one of another; nothing is decided here.
    """

    PAYMENT = 0
    LATE = 1
    WARM_UP = 2
    VERDICT = 3
    CONTROL = 4
    DEBIT = 5


class Debit(NamedTuple):
    """That an account paid: which, when, how much."""

    payer_vpa: str
    event_time_ms: int
    amount_paise: int


class Item(NamedTuple):
    """One item: its payer partition and offset, what it is, its content, and of a payment the payer's features.

    `both`: a payment whose payer's account is of this partition too.
    """

    source: int
    offset: int
    kind: Kind
    content: Transaction | Verdict | Debit | bytes
    features: list[float]
    both: bool = False


class Bundle(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Items for one payee partition, or control records."""

    version: int
    sources: bytes
    offsets: list[int]
    kinds: bytes
    contents: bytes
    ends: bytes
    controls: list[bytes]
    events: bytes
    rows: bytes

    @classmethod
    def of(
        cls,
        sources: NDArray[np.int32],
        items: tuple[list[int], bytes, Sequence[bytes]],
        tables: tuple[NDArray[np.int64], NDArray[np.float64]],
    ) -> Bundle:
        """Return the bundle of `items` = (offsets, kinds, contents) and `tables` = (events, rows), n of each.

        `sources` [n] are payer partitions. Debits have no row.
        """
        offsets, kinds, contents = items
        ends = np.fromiter(map(len, contents), np.int64, len(contents)).cumsum()
        events, rows = (table.tobytes() for table in tables)
        return cls(
            BUNDLE_VERSION, sources.tobytes(), offsets, kinds, b"".join(contents), ends.tobytes(), [], events, rows
        )

    def payer_partitions(self) -> NDArray[np.int32]:
        """Return the payer partition of each item; `CONTROL_SOURCE` for control records."""
        return np.frombuffer(self.sources, np.int32)

    def content_ends(self) -> NDArray[np.int64]:
        """Return where the content of each item ends; nothing for control records."""
        return np.frombuffer(self.ends, np.int64)

    def events_table(self) -> NDArray[np.int64]:
        """Return the events [n, COLUMNS]."""
        return np.frombuffer(self.events, np.int64).reshape(-1, COLUMNS)

    def tables(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the events [n, COLUMNS], and of all but debits the payer's features [m, PAYER_FEATURE_COUNT]."""
        return self.events_table(), np.frombuffer(self.rows, np.float64).reshape(-1, PAYER_FEATURE_COUNT)

    def items(self) -> Iterator[Item]:
        """Yield the items one by one, in order; for tools and tests, stages take the tables whole."""
        if self.controls:
            for offset, control in zip(self.offsets, self.controls, strict=True):
                yield Item(CONTROL_SOURCE, offset, Kind.CONTROL, control, [])
            return
        events, rows = self.tables()
        following, begin = iter(rows.tolist()), 0
        places = zip(self.payer_partitions().tolist(), self.offsets, strict=True)
        for event, place, number, end in zip(
            events.tolist(), places, self.kinds, self.content_ends().tolist(), strict=True
        ):
            kind, content, begin = Kind(number), self.contents[begin:end], end
            row = [] if kind is Kind.DEBIT else next(following)
            if kind is Kind.DEBIT:
                account = msgspec.msgpack.decode(content)[-1]
                yield Item(*place, kind, Debit(account, event[TIME_MS], event[AMOUNT_PAISE]), [])
            elif kind is Kind.VERDICT:
                yield Item(*place, kind, msgspec.msgpack.decode(content, type=Verdict), [])
            else:
                both = bool(event[BITS] & BOTH_BIT)
                yield Item(*place, kind, msgspec.msgpack.decode(content, type=Transaction), row, both)


#: Where a payment has id, time, amount and payer, a debit's content has nothing: its account stands as a payee does.
#: One for each length of a VPA.
_HEADS = tuple(
    b"\x95\xa0\x00\x00\xa0" + (bytes((0xA0 | size,)) if size < 32 else bytes((0xD9, size))) for size in range(256)
)


def debit_content(account: bytes) -> bytes:
    """Return the content of a debit: the VPA of its account, where `features.wire_spans` finds a payee's.

    >>> msgspec.msgpack.decode(debit_content(b"ravi@okaxis"))
    ['', 0, 0, '', 'ravi@okaxis']
    """
    return _HEADS[len(account)] + account


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Bundle)


def control_bundle(offsets: list[int], controls: list[bytes]) -> bytes:
    """Return the bytes of a bundle of control records.

    >>> decode_bundle(control_bundle([7], [b'{}'])).offsets
    [7]
    """
    kinds, sources = bytes([Kind.CONTROL]) * len(offsets), np.full(len(offsets), CONTROL_SOURCE, np.int32)
    return encode_bundle(Bundle(BUNDLE_VERSION, sources.tobytes(), offsets, kinds, b"", b"", controls, b"", b""))


def encode_bundle(bundle: Bundle) -> bytes:
    """Return the bytes of a bundle."""
    return _encoder.encode(bundle)


def decode_bundle(value: bytes) -> Bundle:
    """Return the bundle of these bytes; raises `StateCodecError` for anything that is no bundle of this version."""
    return decode_versioned(_decoder, value, kind="bundle", version=BUNDLE_VERSION, topic="transactions-by-payee")
