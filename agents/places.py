"""Where accounts are: which partition one lives in as a payee, and which place it has in a part."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from features.murmur import partition_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    #: By Kafka's hashes of VPAs (`features.murmur`), the payee partitions of n accounts.
    Homes: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.int64]]


def homes_in(partitions: int) -> Homes:
    """Return how accounts spread over so many partitions."""
    return lambda hashes: partition_by(hashes, partitions)


def places_of(keys: Sequence[bytes], ends: Sequence[int]) -> tuple[list[int], list[dict[bytes, int]]]:
    """Return each event's account by its place, and, partition by partition, which account has which place.

    `keys` are the accounts of events; those of the partition at a place end where `ends` says. An account of a
    partition is another than one of the same name elsewhere.

    >>> places_of([b"a", b"b", b"a", b"a"], [3, 4])
    ([0, 1, 0, 2], [{b'a': 0, b'b': 1}, {b'a': 2}])
    """
    accounts: list[int] = []
    found: list[dict[bytes, int]] = []
    begin = known = 0
    for end in ends:
        own = keys[begin:end]
        places = dict(zip(dict.fromkeys(own), count(known)))
        accounts += map(places.__getitem__, own)
        found.append(places)
        begin, known = end, known + len(places)
    return accounts, found
