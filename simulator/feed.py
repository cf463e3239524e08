"""Feeding episodes into a live stream: enough cases begin that their payments make up the wanted share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, IST_OFFSET_MS
from simulator.episodes import Episode, whole_cases
from simulator.payments import Cases, Payments, concat, nothing

if TYPE_CHECKING:
    from simulator.world import World

_POOL_CASES = 16
_SETTLE_SLICES = 16
_CASE_NUMBERS = 1_000  # per millisecond of start time: streams begun at different moments share no case


class EpisodeFeed:
    """Cases of several kinds, begun as they are owed; the kind that lags most behind its share is next."""

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
        self.owed = self.dice.uniform("head start", np.arange(len(episodes), dtype=np.int64))
        self.pools: list[list[Payments]] = [[] for _ in episodes]
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
        cases = [self.pending]
        while self.owed.sum() > 1:
            kind = int(np.argmax(self.owed))
            case = self._next(kind, begin_ms, end_ms)
            self.owed[kind] -= len(case)
            cases.append(case)
        waiting = concat(cases)
        self.pending = waiting.take(np.argsort(waiting.time_ms, kind="stable"))

    def _next(self, kind: int, begin_ms: float, end_ms: float) -> Payments:
        """Return one case of a kind, begun within [begin_ms, end_ms) and squeezed into `case_ms`."""
        if not self.pools[kind]:
            self.pools[kind] = self._plan(kind)
        case = self.pools[kind].pop()
        after = case.time_ms - case.time_ms[0]
        squeeze = min(1.0, self.case_ms / max(1, int(after[-1])))
        start = self.dice.between("begin", begin_ms, end_ms, case.case[:1])
        case.time_ms = (start + after * squeeze).astype(np.int64)
        return case

    def _plan(self, kind: int) -> list[Payments]:
        numbers = self.next_case + np.arange(_POOL_CASES, dtype=np.int64)
        self.next_case += _POOL_CASES
        cases = Cases(numbers, np.full(_POOL_CASES, self.day, dtype=np.int64))
        payments = whole_cases(self.world, self.episodes[kind], cases)
        payments.fraud[:] = kind + 1 if self.is_fraud else 0
        pool = [payments.take(payments.case == number) for number in numbers[::-1]]
        return [case for case in pool if len(case)]
