"""Which partition a payer's key belongs to: whatever its producer chose. Payees' follow `features.murmur`."""

from __future__ import annotations

from zlib import crc32

from features.murmur import murmur2_partition


def partition_of(key: bytes, partitions: int, partitioner: str) -> int:
    """Return the partition that a deployment's producers give a key, as `PRAHARI_PARTITIONER` names it.

    >>> partition_of(b"ravi@okaxis", 4, "crc32"), partition_of(b"ravi@okaxis", 4, "murmur2")
    (3, 0)
    """
    return crc32(key) % partitions if partitioner == "crc32" else murmur2_partition(key, partitions)
