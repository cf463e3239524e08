"""Puts what several partitions of `transactions` bring into one order, that of time, as far as they may go.

Payments of one moment stand in several partitions. Those that come together are worked on in the order of their times,
each partition's own order kept: a payment that is out of place counts as of the newest time before it. So an account
that is paid from several partitions is paid in the order in which it was, whichever partition was fetched first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agents.ports import Chunk
    from agents.reading import Records


@dataclass(slots=True)
class Kept:
    """Records of one partition that are read and not yet worked on: those of `read` from `start` to `end`.

    `order_ms` are the times that they count as, beginning at `start`, never falling.
    """

    read: Records
    start: int
    end: int
    chunk: Chunk
    order_ms: NDArray[np.int64]

    @classmethod
    def of(cls, read: Records, start: int, end: int, chunk: Chunk) -> Kept:
        """Keep records."""
        return cls(read, start, end, chunk, np.maximum.accumulate(read.times_ms[start:end]))

    def give(self, count: int) -> tuple[Records, int, int]:
        """Give the first records away."""
        start = self.start
        self.start += count
        self.order_ms = self.order_ms[count:]
        return self.read, start, self.start


def earliest(
    times_ms: Mapping[int, NDArray[np.int64]], bounds_ms: Mapping[int, int], count_max: int
) -> tuple[dict[int, int], NDArray[np.int64]]:
    """Return how many of each partition's records go first, at most so many, and their order.

    `times_ms` never fall within a partition; one with a bound goes no further. The order names records by their place
    among those that go, partition behind partition; of equal times the partition named first goes first.

    >>> counts, order = earliest({0: np.array([1, 5, 9]), 1: np.array([2, 3, 30])}, {1: 20}, 4)
    >>> counts, order.tolist()
    ({0: 2, 1: 2}, [0, 2, 3, 1])
    """
    counts = {
        partition: min(len(times), count_max if bound is None else int(np.searchsorted(times, bound, side="right")))
        for partition, times in times_ms.items()
        for bound in (bounds_ms.get(partition),)
    }
    order = _in_order(times_ms, counts)
    if len(order) > count_max:
        lanes = np.repeat(np.arange(len(counts)), list(counts.values()))[order[:count_max]]
        fewer = np.bincount(lanes, minlength=len(counts)).tolist()
        counts = dict(zip(counts, fewer, strict=True))
        order = _in_order(times_ms, counts)
    return counts, order


def _in_order(times_ms: Mapping[int, NDArray[np.int64]], counts: Mapping[int, int]) -> NDArray[np.int64]:
    return np.argsort(np.concatenate([times_ms[lane][:count] for lane, count in counts.items()]), kind="stable")
