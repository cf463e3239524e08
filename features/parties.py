"""Who is on the other side of an account's payments: up to 256 hashes, each in a slot of one byte."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

FREE = 0

_PRINT_MASK = 0xFF


@dataclass(slots=True)
class Parties:
    """40-bit hashes by slot, FREE where there is none; `prints` repeats their lowest bytes.

    A slot is found by its byte and then compared: a search in bytes takes a twentieth of a loop over 256 hashes.
    """

    hashes: array[int] = field(default_factory=lambda: array("Q"))
    prints: bytearray = field(default_factory=bytearray)

    def find(self, party: int) -> int:
        """Return the slot of a hash, or -1.

        >>> parties = Parties()
        >>> parties.take(77, -1), parties.take(88, -1), parties.find(88), parties.find(99)
        (0, 1, 1, -1)
        """
        hashes, prints = self.hashes, self.prints
        low = party & _PRINT_MASK
        slot = prints.find(low)
        while slot >= 0 and hashes[slot] != party:
            slot = prints.find(low, slot + 1)
        return slot

    def take(self, party: int, slot: int) -> int:
        """Return the slot of a hash, giving it one if need be; `slot` is what `find` said before others were freed."""
        if 0 <= slot < len(self.hashes) and self.hashes[slot] == party:
            return slot
        slot = self.find(FREE)
        if slot < 0:
            self.hashes.append(party)
            self.prints.append(party & _PRINT_MASK)
            return len(self.hashes) - 1
        self.hashes[slot] = party
        self.prints[slot] = party & _PRINT_MASK
        return slot

    def free(self, slot: int) -> None:
        """Give a slot up; free ones at the end are cut off."""
        hashes, prints = self.hashes, self.prints
        hashes[slot] = prints[slot] = FREE
        while hashes and hashes[-1] == FREE:
            hashes.pop()
            prints.pop()
