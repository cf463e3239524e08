"""What the payer stage hands to the payee stage: payments and verdicts of one payee partition, in payer order.

A bundle is one Kafka record in msgpack, so that the cost of a record is shared by all its items. Each item carries its
own source offset: after a crash the payer stage cuts other bundles, and the payee stage skips item by item. Control
records (rules, models and lists put in force) come as bundles of their own from the partition `CONTROL_SOURCE`.

Layout: `[version, payer partition, [item, ...]]`; an item is an array that begins with its tag.
"""

from __future__ import annotations

import msgspec

from agents.versioned import decode_versioned
from features.transaction import Transaction, Verdict

BUNDLE_VERSION = 1
#: The payer partition of a bundle that holds control records; its items' offsets are those of `control`.
CONTROL_SOURCE = -1


class TransactionItem(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=0):
    """A payment with what was known of its payer strictly before it.

    `offset`: its offset in the payer partition; `warm_up`: it only fills the tables; `late`: outside the budget.
    """

    offset: int
    transaction: Transaction
    features: list[float]
    late: bool = False
    warm_up: bool = False


class VerdictItem(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """A verdict on its way to the payee's account."""

    offset: int
    verdict: Verdict


class ControlItem(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    """A control record, as it stands in `control`."""

    offset: int
    value: bytes


class Bundle(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Items of one payer partition for one payee partition, in the order of their offsets."""

    version: int
    payer_partition: int
    items: list[TransactionItem | VerdictItem | ControlItem]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Bundle)


def encode_bundle(bundle: Bundle) -> bytes:
    """Return the bytes of a bundle.

    >>> decode_bundle(encode_bundle(Bundle(BUNDLE_VERSION, 2, [ControlItem(7, b'{}')]))).items[0].offset
    7
    """
    return _encoder.encode(bundle)


def decode_bundle(value: bytes) -> Bundle:
    """Return the bundle of these bytes; raises `StateCodecError` for anything that is no bundle of this version."""
    return decode_versioned(_decoder, value, kind="bundle", version=BUNDLE_VERSION, topic="transactions-by-payee")
