"""Unsigned integers and histograms as bytes, shared by the budget's states.

An integer is LEB128: seven bits a byte, lowest first, the top bit set on every byte but the last. A histogram is its
number of runs, then per run the count of empty buckets skipped, the count of filled buckets and their counts; a
histogram with few filled buckets is therefore short.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UINT_BYTES_MAX = 10


def put_uint(out: bytearray, number: int) -> None:
    """Append one unsigned integer of at most 70 bits; ValueError if it is negative or larger.

    >>> out = bytearray()
    >>> put_uint(out, 300)
    >>> out.hex()
    'ac02'
    """
    if not 0 <= number < 1 << 7 * UINT_BYTES_MAX:
        raise ValueError(f"needed an unsigned integer below 2**{7 * UINT_BYTES_MAX}, got {number}")
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def put_uints(out: bytearray, numbers: Iterable[int]) -> None:
    """Append several unsigned integers, each as `put_uint` does."""
    for number in numbers:
        put_uint(out, number)


def put_histogram(out: bytearray, counts: Sequence[int]) -> None:
    """Append the filled runs of a histogram; its length is not written, the reader must know it.

    >>> out = bytearray()
    >>> put_histogram(out, [0, 0, 5, 6, 0])
    >>> list(out)
    [1, 2, 2, 5, 6]
    """
    runs: list[tuple[int, list[int]]] = []
    skipped = 0
    for filled, group in groupby(counts, key=bool):
        run = list(group)
        if filled:
            runs.append((skipped, run))
            skipped = 0
        else:
            skipped = len(run)
    put_uint(out, len(runs))
    for empty, run in runs:
        put_uints(out, (empty, len(run), *run))


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

    def histogram(self, buckets: int) -> list[int]:
        """Read a histogram of `buckets` counts."""
        counts = [0] * buckets
        at = 0
        for _ in range(self.uint()):
            empty, filled = self.uints(2)
            at += empty
            if at + filled > buckets:
                raise ValueError(f"needed a histogram of {buckets} buckets, got one that reaches {at + filled}")
            counts[at : at + filled] = self.uints(filled)
            at += filled
        return counts

    def end(self) -> None:
        """Check that nothing is left over."""
        if self._at != len(self._data):
            raise ValueError(f"needed the end of the budget state at byte {self._at}, got {len(self._data)} bytes")
