"""Which payments may become alerts at all: a generous filter, a function of one payee partition's own past.

A candidate travels whole to the budget stage, everything else as a day and a bucket. The filter lets pass what ranks
among the best `KEEP_PPM` of the partition's own recent payments, four times the alert rate, so that what the budget
would admit is hardly ever held back; before it has seen enough, everything passes. Integers only: a replay in the
recorded order passes the same payments on any machine.

Layout: version byte, payments counted and threshold as unsigned 32-bit little endian, then the 1,024 counts likewise.
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import accumulate

from budget.tails import BUCKETS

VERSION = 1
#: Share of a partition's payments that may be candidates, per million: four times the default alert rate.
KEEP_PPM = 20_000
#: Payments before the filter holds anything back.
LEARN_COUNT = 500
_REVIEW_EVERY = 256
#: At this many payments all counts are halved: the recent past counts double.
_HALVE_AT = 1 << 16
_HEADER = struct.Struct("<BIII")
_MILLION = 1_000_000


class CandidateFilter:
    """The filter of one payee partition. Mutable; one owner at a time.

    >>> candidates = CandidateFilter()
    >>> sum(candidates.consider(number * 7919 % 1000) for number in range(100_000)) < 3_000
    True
    """

    __slots__ = ("_counts", "_since_review", "_threshold", "_total")

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * BUCKETS))
        self._total = 0
        self._threshold = 0
        self._since_review = 0

    def consider(self, bucket: int) -> bool:
        """Say whether a payment of this score bucket may become an alert, then remember it."""
        passes = bucket >= self._threshold
        self._counts[bucket] += 1
        self._total += 1
        self._since_review += 1
        if self._since_review >= _REVIEW_EVERY:
            self._review()
        return passes

    def _review(self) -> None:
        self._since_review = 0
        if self._total >= _HALVE_AT:
            self._counts = array("I", (count >> 1 for count in self._counts))
            self._total = sum(self._counts)
        if self._total >= LEARN_COUNT:
            keep = self._total * KEEP_PPM // _MILLION
            above = accumulate(reversed(self._counts))
            self._threshold = BUCKETS - 1 - next(index for index, count in enumerate(above) if count > keep)

    def encode(self) -> bytes:
        """Return the filter as bytes."""
        counts = self._counts
        if sys.byteorder == "big":
            counts = array("I", counts)
            counts.byteswap()
        return _HEADER.pack(VERSION, self._total, self._threshold, self._since_review) + counts.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> CandidateFilter:
        """Read back what `encode` wrote; ValueError on anything else."""
        size = _HEADER.size + 4 * BUCKETS
        if len(data) != size or data[0] != VERSION:
            raise ValueError(f"needed a candidate filter of version {VERSION} and {size} bytes, got {len(data)} bytes")
        candidates = cls()
        _, candidates._total, candidates._threshold, candidates._since_review = _HEADER.unpack_from(data)
        counts = array("I", data[_HEADER.size :])
        if sys.byteorder == "big":
            counts.byteswap()
        candidates._counts = counts
        return candidates
