"""Short, stable names for accounts, devices and payments inside a state: seedless xxHash, the same in every process.

An account or device is 40 bits: among the 256 of one state two collide once in 30 million states. A payment is 63 bits:
43 of its id, by which repeats are found, and 20 of its whole content, by which a repeat is told from a conflict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from xxhash import xxh3_64_intdigest

if TYPE_CHECKING:
    from features.transaction import Transaction

PARTY_BITS = 40
CONTENT_BITS = 20

PARTY_MASK = (1 << PARTY_BITS) - 1
CONTENT_MASK = (1 << CONTENT_BITS) - 1
ID_MASK = (1 << 63) - 1 - CONTENT_MASK

_encode = msgspec.msgpack.Encoder().encode


def party_hash(name: str) -> int:
    """Return 40 bits for a VPA or a device id, never 0.

    >>> party_hash("ravi@okaxis") == party_hash("ravi@okaxis") != party_hash("ravi@ybl")
    True
    """
    return (xxh3_64_intdigest(name.encode()) & PARTY_MASK) or 1


def id_hash(transaction_id: str) -> int:
    """Return the 43 upper bits that a transaction id sets in a payment's key, the lower 20 being 0."""
    return xxh3_64_intdigest(transaction_id.encode()) & ID_MASK


def text_hash(text: bytes) -> int:
    """Return what `party_hash` does of a text in UTF-8."""
    return (xxh3_64_intdigest(text) & PARTY_MASK) or 1


def content_key(transaction_id: bytes, content: bytes) -> int:
    """Return what `payment_key` does of the id in UTF-8 and the payment in msgpack."""
    return (xxh3_64_intdigest(transaction_id) & ID_MASK) | (xxh3_64_intdigest(content) & CONTENT_MASK)


def payment_key(txn: Transaction) -> int:
    """Return 63 bits: the id's 43, then 20 of the content, which is every field of the payment.

    >>> from features.transaction import Transaction
    >>> one = Transaction("t1", 1000, 100, "a@x", "b@y")
    >>> payment_key(one) == payment_key(Transaction("t1", 1000, 101, "a@x", "b@y"))
    False
    """
    return content_key(txn.transaction_id.encode(), _encode(txn))
