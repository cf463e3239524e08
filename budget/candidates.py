"""Which payments may become alerts at all: a generous filter, a function of one payee partition's own past.

A candidate travels whole to the budget stage, everything else as a day and a bucket. The filter lets pass what ranks
among the best of the partition's own recent payments, six times the alert rate, so that what the budget would admit is
hardly ever held back. Before it has seen enough, everything passes; and where scores fall, so that nothing reaches the
threshold, at least one payment in half as many as an alert takes on average passes all the same. Integers only: a
replay in the recorded order passes the same payments on any machine.

Layout: version byte; rate, payments counted, threshold, payments since the last review and millionths owed, unsigned
32-bit little endian; then the 1,024 counts likewise.
"""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING

import numpy as np

from budget.tails import BUCKETS, MILLION, count_above, first_at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VERSION = 2
DEFAULT_RATE_PPM = 5_000
#: Candidates wanted, in multiples of the alert rate.
KEEP_RATES = 6
#: Payments before the filter holds anything back.
LEARN_COUNT = 500
_OWED_RATES = 2
#: So few payments cost less one by one.
_FEW = 16
_REVIEW_EVERY = 256
#: At this many payments all counts are halved: the recent past counts double.
_HALVE_AT = 1 << 14
_HEADER = struct.Struct("<BIIIII")


class CandidateFilter:
    """The filter of one payee partition. Mutable; one owner at a time.

    >>> candidates = CandidateFilter()
    >>> sum(candidates.consider(number * 7919 % 1000) for number in range(100_000)) < 4_000
    True
    """

    __slots__ = ("_counts", "_owed_ppm", "_rate_ppm", "_since_review", "_threshold", "_total")

    def __init__(self, rate_ppm: int = DEFAULT_RATE_PPM) -> None:
        self._counts = array("I", bytes(4 * BUCKETS))
        self._total = self._threshold = self._since_review = self._owed_ppm = 0
        self.set_rate(rate_ppm)

    def set_rate(self, rate_ppm: int) -> None:
        """Put another alert rate (per million) in force; the threshold follows at the next review."""
        if not 0 <= rate_ppm <= MILLION:
            raise ValueError(
                f"needed an alert rate of 0..1,000,000 per million, got {rate_ppm}: set PRAHARI_ALERT_RATE"
            )
        self._rate_ppm = rate_ppm

    def consider(self, bucket: int) -> bool:
        """Say whether a payment of this score bucket may become an alert, then remember it; ValueError out of range."""
        if not 0 <= bucket < BUCKETS:
            raise ValueError(f"needed a score bucket of 0 to {BUCKETS - 1}, got {bucket}")
        self._owed_ppm += _OWED_RATES * self._rate_ppm
        passes = bucket >= self._threshold or self._owed_ppm >= MILLION
        if passes:
            self._owed_ppm = 0
        self._counts[bucket] += 1
        self._since_review += 1
        if self._since_review >= _REVIEW_EVERY:
            self._review()
        return passes

    def passing(self, buckets: Sequence[int], counted: Sequence[bool]) -> list[int]:
        """Return the places of what may become an alert, of payments in order; those not counted are passed over.

        >>> CandidateFilter().passing([3, 900, 5], [True, False, True])
        [0, 2]
        """
        if len(buckets) < _FEW:
            consider = self.consider
            return [at for at, bucket in enumerate(buckets) if counted[at] and consider(bucket)]
        places = np.flatnonzero(np.asarray(counted, np.bool_))
        own = np.asarray(buckets, np.int64)[places]
        if len(own) and not 0 <= own.min() <= own.max() < BUCKETS:
            raise ValueError(f"needed score buckets of 0 to {BUCKETS - 1}, got {own.min()} to {own.max()}")
        passing: list[int] = []
        start = 0
        while start < len(own):
            stop = min(len(own), start + _REVIEW_EVERY - self._since_review)
            passing += [start + at for at in self._passing_alike(own[start:stop])]
            start = stop
        own_places: list[int] = places[passing].tolist()
        return own_places

    def _passing_alike(self, buckets: NDArray[np.int64]) -> list[int]:
        """Return the places of what passes before the threshold may change, and remember all."""
        passing, behind = [], 0
        for at in [*np.flatnonzero(buckets >= self._threshold).tolist(), len(buckets)]:
            while (owed := behind + self._count_until_owed() - 1) < at:
                passing.append(owed)
                self._owed_ppm, behind = 0, owed + 1
            if at < len(buckets):
                passing.append(at)
                self._owed_ppm, behind = 0, at + 1
        self._owed_ppm += (len(buckets) - behind) * _OWED_RATES * self._rate_ppm
        np.add.at(np.frombuffer(self._counts, np.uint32), buckets, 1)
        self._since_review += len(buckets)
        if self._since_review >= _REVIEW_EVERY:
            self._review()
        return passing

    def _count_until_owed(self) -> int:
        """Return with which of the next payments one passes whatever its score."""
        step_ppm = _OWED_RATES * self._rate_ppm
        return max(1, -(-(MILLION - self._owed_ppm) // step_ppm)) if step_ppm else MILLION

    def _review(self) -> None:
        """Take the threshold from the payments so far: a share of six alert rates lies at or above it, or just more."""
        self._total += self._since_review
        self._since_review = 0
        counts = np.array(self._counts, np.int64)
        if self._total >= _HALVE_AT:
            counts >>= 1
            self._counts, self._total = array("I", counts.tolist()), int(counts.sum())
        if self._total >= LEARN_COUNT:
            keep = self._total * self._rate_ppm * KEEP_RATES // MILLION
            self._threshold = max(0, first_at_most(count_above(counts), keep) - 1)

    def encode(self) -> bytes:
        """Return the filter as bytes, 4 KiB."""
        state = (self._rate_ppm, self._total, self._threshold, self._since_review, self._owed_ppm)
        return _HEADER.pack(VERSION, *state) + self._counts.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> CandidateFilter:
        """Read back what `encode` wrote; ValueError on anything else."""
        size = _HEADER.size + 4 * BUCKETS
        if len(data) != size or data[0] != VERSION:
            got = f"{len(data)} bytes" + (f" of version {data[0]}" if data else "")
            raise ValueError(f"needed a candidate filter of version {VERSION} and {size} bytes, got {got}")
        _, rate_ppm, total, threshold, since_review, owed_ppm = _HEADER.unpack_from(data)
        candidates = cls(rate_ppm)
        candidates._total, candidates._threshold = total, threshold
        candidates._since_review, candidates._owed_ppm = since_review, owed_ppm
        candidates._counts = array("I", data[_HEADER.size :])
        return candidates
