"""Unsigned integers and histograms as bytes, shared by the budget's states.

An integer is LEB128: seven bits a byte, lowest first, the top bit set on every byte but the last. A histogram is the
number of its buckets up to the highest filled one, then that many integers; an empty bucket takes one byte.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

UINT_BYTES_MAX = 9
"""63 bits: what a histogram's 64-bit signed integers hold."""


def put_uints(out: bytearray, numbers: Iterable[int]) -> None:
    """Append unsigned integers below 2**63; ValueError on any other.

    >>> out = bytearray()
    >>> put_uints(out, [300, 1])
    >>> out.hex()
    'ac0201'
    """
    for number in numbers:
        if not 0 <= number < 1 << 7 * UINT_BYTES_MAX:
            raise ValueError(f"needed an unsigned integer below 2**{7 * UINT_BYTES_MAX}, got {number}")
        rest = number
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)


@lru_cache(maxsize=256)
def packed(numbers: tuple[int, ...]) -> bytes:
    """Return what `put_uints` appends, for numbers that seldom change between two states: remembered.

    >>> packed((300, 1)).hex()
    'ac0201'
    """
    out = bytearray()
    put_uints(out, numbers)
    return bytes(out)


def pack_histogram(counts: NDArray[np.int64]) -> bytes:
    """Return a histogram as bytes; its full length is not written, the reader must know it.

    >>> list(pack_histogram(np.array([0, 300, 6, 0])))
    [3, 0, 172, 2, 6]
    """
    filled = np.flatnonzero(counts)
    kept = counts[: filled[-1] + 1] if filled.size else counts[:0]
    head = bytearray()
    put_uints(head, [len(kept)])
    if not kept.size:
        return bytes(head)
    if kept.max() <= 0x7F:
        return bytes(head) + kept.astype(np.uint8).tobytes()
    size = np.ones(len(kept), np.int64)
    for bits in range(7, int(kept.max()).bit_length(), 7):
        size += kept >> bits > 0
    start = np.cumsum(size) - size
    body = np.zeros(int(size.sum()), np.uint8)
    for place in range(int(size.max())):
        here = size > place
        more = size[here] > place + 1
        body[start[here] + place] = kept[here] >> 7 * place & 0x7F | more * 0x80
    return bytes(head) + body.tobytes()


class Reader:
    """Reads back what the functions above wrote; ValueError on anything short, overlong or left over."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes, *, version: int, what: str) -> None:
        if not data or data[0] != version:
            got = data[0] if data else "no bytes"
            raise ValueError(f"needed {what} of version {version}, got {got}; start a build that can read this state")
        self._data = data
        self._at = 1

    def uint(self) -> int:
        """Read the next unsigned integer."""
        number = 0
        for shift in range(0, 7 * UINT_BYTES_MAX, 7):
            if self._at >= len(self._data):
                raise ValueError(f"needed more budget state after byte {self._at}, got its end")
            byte = self._data[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte <= 0x7F:
                return number
        raise ValueError(f"needed an integer of at most {UINT_BYTES_MAX} bytes before byte {self._at}")

    def uints(self, count: int) -> tuple[int, ...]:
        """Read `count` unsigned integers."""
        return tuple(self.uint() for _ in range(count))

    def histogram(self, buckets: int) -> NDArray[np.int64]:
        """Read a histogram of `buckets` counts."""
        counts = np.zeros(buckets, np.int64)
        kept = self.uint()
        if kept > buckets:
            raise ValueError(f"needed a histogram of at most {buckets} buckets, got {kept}")
        counts[:kept] = self.uints(kept)
        return counts

    def end(self) -> None:
        """Check that nothing is left over."""
        if self._at != len(self._data):
            raise ValueError(f"needed the end of the budget state at byte {self._at}, got {len(self._data)} bytes")
