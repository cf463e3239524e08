"""Feeding episodes into a live stream: enough cases begin that their payments make up the wanted share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, IST_OFFSET_MS
from simulator.episodes import Episode, whole_cases
from simulator.payments import Cases, Payments, concat, nothing

if TYPE_CHECKING:
    from simulator.world import World

_SETTLE_SLICES = 16
_CASE_NUMBERS = 1_000  # per millisecond of start time: streams begun at different moments share no case


class EpisodeFeed:
    """Cases of several kinds, each kind's begun as its share of the stream owes them."""

    def __init__(
        self,
        world: World,
        episodes: tuple[Episode, ...],
        *,
        share: float,
        start_ms: int,
        case_ms: float,
        is_fraud: bool,
    ) -> None:
        self.world = world
        self.episodes = episodes
        self.share = share
        self.case_ms = case_ms
        self.is_fraud = is_fraud
        self.dice = world.dice.named(f"feed {is_fraud} {start_ms} ")
        self.day = (start_ms + IST_OFFSET_MS) // DAY_MS
        self.next_case = start_ms * _CASE_NUMBERS
        parts = np.array([episode.share for episode in episodes])
        self.parts = parts / parts.sum()
        self.sizes = np.array([episode.size for episode in episodes])
        self.owed = self.dice.between("head start", -0.5, 0.5, np.arange(len(episodes))) * self.sizes
        self.pending = nothing()

    def settle(self, begin_ms: float, size_per_ms: float) -> None:
        """Begin the cases that are under way at `begin_ms`: a stream opens in the middle of life, not before it."""
        slice_ms = self.case_ms / _SETTLE_SLICES
        for turn in range(_SETTLE_SLICES, 0, -1):
            start = begin_ms - turn * slice_ms
            self._begin(start, start + slice_ms, slice_ms * size_per_ms)
        self.pending = self.pending.take(self.pending.time_ms >= begin_ms)

    def due(self, begin_ms: float, end_ms: float, size: int, room: int) -> Payments:
        """Return what falls due before `end_ms`, at most `room` payments; `size` is how many payments the block has."""
        self._begin(begin_ms, end_ms, size)
        ready = min(room, int(np.searchsorted(self.pending.time_ms, end_ms)))
        due = self.pending.take(slice(0, ready))
        self.pending = self.pending.take(slice(ready, None))
        return due

    def _begin(self, begin_ms: float, end_ms: float, size: float) -> None:
        """Begin as many cases within [begin_ms, end_ms) as `size` payments owe."""
        self.owed += self.parts * self.share * size
        parts = [self.pending]
        for kind, count in enumerate(np.rint(self.owed / self.sizes).astype(np.int64).tolist()):
            if count > 0:
                parts.append(self._cases(kind, count, begin_ms, end_ms))
                self.owed[kind] -= len(parts[-1])
        waiting = concat(parts)
        self.pending = waiting.take(np.argsort(waiting.time_ms, kind="stable"))

    def _cases(self, kind: int, count: int, begin_ms: float, end_ms: float) -> Payments:
        """Return cases of a kind, each begun within [begin_ms, end_ms) and squeezed into `case_ms`."""
        numbers = self.next_case + np.arange(count, dtype=np.int64)
        self.next_case += count
        payments = whole_cases(self.world, self.episodes[kind], Cases(numbers, np.full(count, self.day)))
        if len(payments) == 0:
            return payments
        number, first, row = np.unique(payments.case, return_index=True, return_inverse=True)
        after = payments.time_ms - payments.time_ms[first][row]
        last = np.append(first[1:], len(payments)) - 1
        squeeze = np.minimum(1.0, self.case_ms / np.maximum(1, after[last]))
        start = self.dice.between("begin", begin_ms, end_ms, number)
        payments.time_ms = (start[row] + after * squeeze[row]).astype(np.int64)
        payments.fraud[:] = kind + 1 if self.is_fraud else 0
        return payments
