"""What is known of a VPA by its text alone, worked out once: its kept form, bytes, hash and payee partition.

A payer or payee comes again and again; looking it up costs a tenth of checking and hashing it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from features.fields import to_vpa
from features.hashing import party_hash

if TYPE_CHECKING:
    from collections.abc import Callable

#: VPAs remembered; half of them are forgotten at once when that is exceeded.
NAMES_MAX = 60_000


class Name(NamedTuple):
    """A VPA in lower case, as bytes, as 40 bits, and the partition where it lives as a payee."""

    vpa: str
    key: bytes
    party: int
    payee_partition: int


class Names:
    """The VPAs seen lately. `payee_partition` says where a payee's account lives.

    >>> names = Names(lambda vpa: 3)
    >>> names.find("Ravi@OkAxis", "payer_vpa").vpa
    'ravi@okaxis'
    """

    def __init__(self, payee_partition: Callable[[str], int]) -> None:
        self._payee_partition = payee_partition
        self._known: dict[str, Name] = {}

    def vpa(self, text: str, field: str) -> str:
        """Return a VPA in lower case; raises RejectedTransaction for what is none."""
        name = self._known.get(text)
        return self.find(text, field).vpa if name is None else name.vpa

    def find(self, text: str, field: str) -> Name:
        """Return what is known of a VPA as it was written; raises RejectedTransaction for what is none."""
        name = self._known.get(text)
        if name is None:
            vpa = to_vpa(text, field)
            name = Name(vpa, vpa.encode(), party_hash(vpa), self._payee_partition(vpa))
            if len(self._known) >= NAMES_MAX:
                for old in list(self._known)[: NAMES_MAX // 2]:
                    del self._known[old]
            self._known[text] = name
        return name
