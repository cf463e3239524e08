"""Which partition a key belongs to, as Kafka's own clients decide it.

Payees follow murmur2, the default of Kafka's Java client; a payer's partition is whatever its producer chose.
"""

from __future__ import annotations

from zlib import crc32

from features.murmur import murmur2, partition_by


def murmur2_partition(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's default partitioner gives a key.

    >>> murmur2_partition(b"ravi@okaxis", 4) in range(4)
    True
    """
    return partition_by(murmur2(key), partitions)


def partition_of(key: bytes, partitions: int, partitioner: str) -> int:
    """Return the partition that a deployment's producers give a key, as `PRAHARI_PARTITIONER` names it.

    >>> partition_of(b"ravi@okaxis", 4, "crc32"), partition_of(b"ravi@okaxis", 4, "murmur2")
    (3, 0)
    """
    return crc32(key) % partitions if partitioner == "crc32" else murmur2_partition(key, partitions)
