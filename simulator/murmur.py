"""Kafka's murmur2 over many keys at once: which partition the default partitioner of Kafka's clients gives each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.dice import Ints

_SEED = 0x9747B28C
_M = np.uint32(0x5BD1E995)
_R24, _R13, _R15 = (np.uint32(shift) for shift in (24, 13, 15))
_POSITIVE = 0x7FFFFFFF


def murmur2_positive(keys: Sequence[bytes]) -> Ints:
    """Return murmur2 of each key without its sign bit; `% partitions` is the partition.

    >>> murmur2_positive([b"ravi@okaxis", b""]).tolist()
    [2138334232, 275646681]
    """
    lengths = np.fromiter((len(key) for key in keys), dtype=np.int64, count=len(keys))
    hashes = np.zeros(len(keys), dtype=np.int64)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        joined = b"".join([keys[row] for row in rows.tolist()])
        data = np.frombuffer(joined, dtype=np.uint8).reshape(len(rows), int(length))
        hashes[rows] = _of_one_length(data).astype(np.int64) & _POSITIVE
    return hashes


def _of_one_length(data: NDArray[np.uint8]) -> NDArray[np.uint32]:
    count, length = data.shape
    whole = length // 4 * 4
    words = np.ascontiguousarray(data[:, :whole]).view("<u4") if whole else np.zeros((count, 0), dtype=np.uint32)
    h = np.full(count, (_SEED ^ length) & 0xFFFFFFFF, dtype=np.uint32)
    for place in range(whole // 4):
        k = words[:, place] * _M
        k = (k ^ (k >> _R24)) * _M
        h = (h * _M) ^ k
    if whole < length:
        for place in range(whole, length):
            h = h ^ (data[:, place].astype(np.uint32) << np.uint32(8 * (place - whole)))
        h = h * _M
    h = (h ^ (h >> _R13)) * _M
    return h ^ (h >> _R15)
