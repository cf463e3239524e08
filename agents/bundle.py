"""What the payer stage hands to the payee stage: payments and verdicts of one payee partition, in payer order.

A bundle is one Kafka record in msgpack, so that the cost of a record is shared by all its items. Each item carries its
own source offset: after a crash the payer stage cuts other bundles, and the payee stage skips item by item. Control
records (rules, models and lists put in force) come as bundles of their own from the partition `CONTROL_SOURCE`.

Layout: `[version, payer partition, offsets, kinds, contents, ends, controls, events, rows]`. `offsets` and `kinds` have
an entry per item. `contents` are the msgpack of each `Transaction` or `Verdict`, one behind the other, and `ends` where
each ends. `events` and `rows` are tables in native little-endian columns, a row per item: what `features.events` says
of it from the payee's side, and the payer's features, which a verdict leaves at zero.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from agents.versioned import decode_versioned
from features.events import COLUMNS
from features.transaction import Transaction, Verdict
from features.vector import PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

BUNDLE_VERSION = 3
#: The payer partition of a bundle that holds control records; its items' offsets are those of `control`.
CONTROL_SOURCE = -1


class Kind(IntEnum):
    """What an item is: a payment to decide, in time or late; one that only fills the tables; a verdict; a control."""

    PAYMENT = 0
    LATE = 1
    WARM_UP = 2
    VERDICT = 3
    CONTROL = 4


class Item(NamedTuple):
    """One item: its offset in the payer partition, what it is, its content, and of a payment the payer's features."""

    offset: int
    kind: Kind
    content: Transaction | Verdict | bytes
    features: list[float]


class Bundle(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Items of one payer partition for one payee partition, in the order of their offsets."""

    version: int
    payer_partition: int
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
        payer_partition: int,
        items: tuple[list[int], bytes, Sequence[bytes]],
        tables: tuple[NDArray[np.int64], NDArray[np.float64]],
    ) -> Bundle:
        """Return the bundle of `items` = (offsets, kinds, contents) and `tables` = (events, rows), n of each."""
        offsets, kinds, contents = items
        ends = np.fromiter(map(len, contents), np.int64, len(contents)).cumsum()
        events, rows = (table.tobytes() for table in tables)
        return cls(
            BUNDLE_VERSION, payer_partition, offsets, kinds, b"".join(contents), ends.tobytes(), [], events, rows
        )

    def content_ends(self) -> NDArray[np.int64]:
        """Return where the content of each item ends; nothing for control records."""
        return np.frombuffer(self.ends, np.int64)

    def tables(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the events of shape [n, COLUMNS] and the payer's features of shape [n, PAYER_FEATURE_COUNT]."""
        events = np.frombuffer(self.events, np.int64).reshape(-1, COLUMNS)
        return events, np.frombuffer(self.rows, np.float64).reshape(-1, PAYER_FEATURE_COUNT)

    def items(self) -> Iterator[Item]:
        """Yield the items one by one, in order; for tools and tests, stages take the tables whole."""
        if self.controls:
            for offset, control in zip(self.offsets, self.controls, strict=True):
                yield Item(offset, Kind.CONTROL, control, [])
            return
        rows, begin = self.tables()[1].tolist(), 0
        for at, (offset, number) in enumerate(zip(self.offsets, self.kinds, strict=True)):
            kind, end = Kind(number), int(self.content_ends()[at])
            content, begin = self.contents[begin:end], end
            if kind is Kind.VERDICT:
                yield Item(offset, kind, msgspec.msgpack.decode(content, type=Verdict), [])
            else:
                yield Item(offset, kind, msgspec.msgpack.decode(content, type=Transaction), rows[at])


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Bundle)


def control_bundle(offsets: list[int], controls: list[bytes]) -> bytes:
    """Return the bytes of a bundle of control records.

    >>> decode_bundle(control_bundle([7], [b'{}'])).offsets
    [7]
    """
    kinds = bytes([Kind.CONTROL]) * len(offsets)
    return encode_bundle(Bundle(BUNDLE_VERSION, CONTROL_SOURCE, offsets, kinds, b"", b"", controls, b"", b""))


def encode_bundle(bundle: Bundle) -> bytes:
    """Return the bytes of a bundle."""
    return _encoder.encode(bundle)


def decode_bundle(value: bytes) -> Bundle:
    """Return the bundle of these bytes; raises `StateCodecError` for anything that is no bundle of this version."""
    return decode_versioned(_decoder, value, kind="bundle", version=BUNDLE_VERSION, topic="transactions-by-payee")
