"""Kafka's murmur2, the hash of its default partitioner, compiled (org.apache.kafka.common.utils.Utils.murmur2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from features.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", int, "NDArray[np.int64]")

_POSITIVE = 0x7FFFFFFF
_SEED, _MULTIPLIER, _MASK = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Return the 32-bit hash of a record's key.

    >>> murmur2(b"ravi@okaxis") % 4
    0
    """
    return int(murmur2_of(np.frombuffer(key or b"\0", np.uint8), 0, len(key)))


def partition_by(hashed: Number, partitions: int) -> Number:
    """Return the partition that Kafka's default partitioner gives a key of this hash; of an array, each one's.

    >>> partition_by(murmur2(b"ravi@okaxis"), 4), partition_by(np.array([5, -1]), 4).tolist()
    (0, [1, 3])
    """
    return (hashed & _POSITIVE) % partitions


def murmur2_partition(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's default partitioner gives a key.

    >>> murmur2_partition(b"ravi@okaxis", 4)
    0
    """
    return partition_by(murmur2(key), partitions)


@compiled
def murmur2_of(data: NDArray[np.uint8], begin: int, end: int) -> int:
    """Return the hash of `data[begin:end]`."""
    mixed = _SEED ^ (end - begin)
    whole = begin + (end - begin) // 4 * 4
    for at in range(begin, whole, 4):
        word = int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24
        word = word * _MULTIPLIER & _MASK
        word ^= word >> 24
        mixed = (mixed * _MULTIPLIER & _MASK) ^ (word * _MULTIPLIER & _MASK)
    if end > whole:
        for at in range(end - 1, whole - 1, -1):
            mixed ^= int(data[at]) << 8 * (at - whole)
        mixed = mixed * _MULTIPLIER & _MASK
    mixed ^= mixed >> 13
    mixed = mixed * _MULTIPLIER & _MASK
    return mixed ^ mixed >> 15
