"""Kafka's murmur2, the hash of its default partitioner, compiled (org.apache.kafka.common.utils.Utils.murmur2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEED, _MULTIPLIER, _MASK = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Return the 32-bit hash of a record's key.

    >>> murmur2(b"ravi@okaxis") % 4
    0
    """
    return int(_murmur2(np.frombuffer(key or b"\0", np.uint8), len(key)))


@compiled
def _murmur2(data: NDArray[np.uint8], length: int) -> int:
    mixed = _SEED ^ length
    whole = length // 4 * 4
    for at in range(0, whole, 4):
        word = int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24
        word = word * _MULTIPLIER & _MASK
        word ^= word >> 24
        mixed = (mixed * _MULTIPLIER & _MASK) ^ (word * _MULTIPLIER & _MASK)
    if length > whole:
        for at in range(length - 1, whole - 1, -1):
            mixed ^= int(data[at]) << 8 * (at - whole)
        mixed = mixed * _MULTIPLIER & _MASK
    mixed ^= mixed >> 13
    mixed = mixed * _MULTIPLIER & _MASK
    return mixed ^ mixed >> 15
