"""What is known of a VPA by its text alone, worked out once: its bytes, hash and payee partition.

A payer or payee comes again and again; looking it up costs a tenth of hashing it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from features.hashing import text_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: VPAs remembered; half of them are forgotten at once when that is exceeded.
NAMES_MAX = 100_000


class Name(NamedTuple):
    """A VPA in lower case as bytes and as 40 bits, and the partition where it lives as a payee."""

    key: bytes
    party: int
    payee_partition: int


class Names:
    """The VPAs seen lately. `payee_partition` says where a payee's account lives, by its VPA's bytes.

    >>> names = Names(lambda key: 3)
    >>> names.find(b"ravi@okaxis").payee_partition
    3
    """

    def __init__(self, payee_partition: Callable[[bytes], int]) -> None:
        self._payee_partition = payee_partition
        self._known: dict[bytes, Name] = {}

    def find(self, key: bytes) -> Name:
        """Return what is known of a VPA, which is in lower case already."""
        name = self._known.get(key)
        if name is None:
            name = Name(key, text_hash(key), self._payee_partition(key))
            if len(self._known) >= NAMES_MAX:
                for old in list(self._known)[: NAMES_MAX // 2]:
                    del self._known[old]
            self._known[key] = name
        return name

    def find_all(self, keys: Sequence[bytes]) -> list[Name]:
        """Return what is known of several."""
        known, find = self._known.get, self.find
        return [known(key) or find(key) for key in keys]


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
        places: dict[bytes, int] = {}
        accounts += [places.setdefault(key, known + len(places)) for key in keys[begin:end]]
        found.append(places)
        begin, known = end, known + len(places)
    return accounts, found
