"""Keeps partitions that drain a backlog within a second of event time of each other.

Fan-in is only what it was if payments of one minute meet in one minute again after an outage. Each payer partition
that is catching up has a *head*: the event time of what it would process next, never going back. It may go on while
its head is at most `ALIGNMENT_MS` past the smallest head of all other partitions that are catching up, on this worker
or another. The partition with the smallest head may always go on, so nobody waits in a circle; a partition that has
reached its log's end, or is empty, holds nobody.

```
p0  ───────────────►│ head 12:00:03.2   waits
p1  ──────────►│      head 12:00:02.1   goes on
p2  ─►(end of log)    holds nobody
```

Heads of other workers come by `hear`. One that is not heard of again holds for `HEARD_FOR_S`: as long as a takeover may
take, a million accounts restored, so that nobody runs ahead meanwhile, and a worker that hangs stops nobody for ever.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping

ALIGNMENT_MS = 1_000
HEARD_FOR_S = 30.0
_LOOK_EVERY_S = 1.0
#: Where a head stands before its first record is known: it holds everyone.
UNKNOWN_MS = -(2**62)


@dataclass(slots=True)
class _Heard:
    head_ms: int
    at_s: float


class Aligner:
    """The heads of all partitions that are catching up; one for all payer partitions of a worker.

    Within a worker a head moves as soon as what came before it was handed to the producer, which keeps the order. To
    other workers only *durable* heads are told: everything before them is acknowledged. `clock` gives seconds that only
    grow; `on_change` is called when there is something to tell.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.on_change: Callable[[], None] = lambda: None
        self._ours: dict[int, int] = {}
        self._durable: dict[int, int] = {}
        self._caught_up: dict[int, float] = {}
        self._theirs: dict[int, _Heard] = {}
        self._moved = asyncio.Event()

    @property
    def heads(self) -> Mapping[int, int]:
        """Heads of our partitions that are catching up, by partition, in ms."""
        return self._ours

    @property
    def durable_heads(self) -> Mapping[int, int]:
        """Heads before which everything is acknowledged: what other workers may rely on."""
        return self._durable

    def begin(self, partition: int, head_ms: int = UNKNOWN_MS) -> None:
        """Say that a partition of ours has a backlog, before it starts."""
        self._ours[partition] = self._durable[partition] = head_ms
        self._caught_up.pop(partition, None)
        self._theirs.pop(partition, None)
        self.on_change()

    def move(self, partition: int, head_ms: int) -> None:
        """Say what a partition of ours would process next; an earlier time than before changes nothing."""
        if head_ms > self._ours.get(partition, UNKNOWN_MS):
            self._ours[partition] = head_ms
            self._wake()

    def leave(self, partition: int) -> None:
        """Say that a partition of ours reached its log's end, or never was behind it."""
        self._ours.pop(partition, None)
        self._theirs.pop(partition, None)
        self._wake()

    def settle(self, partition: int, head_ms: int | None) -> None:
        """Say that everything before this head is acknowledged; None: everything, and the partition has left."""
        if head_ms is None:
            self._durable.pop(partition, None)
            self._caught_up[partition] = self._clock()
        elif head_ms > self._durable.get(partition, head_ms):
            self._durable[partition] = head_ms
        else:
            return
        self.on_change()

    def forget(self, partition: int) -> None:
        """Give a partition up: where it stood holds us until its new owner is heard of."""
        head_ms = self._durable.pop(partition, None)
        self._ours.pop(partition, None)
        self._caught_up.pop(partition, None)
        if head_ms is not None:
            self._theirs[partition] = _Heard(head_ms, self._clock())

    def expect(self, partitions: Iterable[int]) -> None:
        """Say which partitions others have now: each holds where it stood, or wholly, until its owner is heard of."""
        now_s = self._clock()
        for partition in partitions:
            if partition not in self._ours:
                known = self._theirs.get(partition)
                self._theirs[partition] = _Heard(UNKNOWN_MS if known is None else known.head_ms, now_s)

    @property
    def caught_up(self) -> set[int]:
        """Partitions of ours that caught up lately: who began to listen since then must hear of them too."""
        oldest_s = self._clock() - HEARD_FOR_S
        return {partition for partition, at_s in self._caught_up.items() if at_s >= oldest_s}

    def catching_up(self, partition: int) -> bool:
        """Whether a partition of ours takes part."""
        return partition in self._ours

    def held(self, partition: int) -> bool:
        """Whether a partition of ours waits for others now; the one with the smallest head never does."""
        bound_ms = self.bound_ms(partition)
        return bound_ms is not None and self._ours.get(partition, UNKNOWN_MS) > bound_ms

    def hear(self, heads: Mapping[int, int], caught_up: Iterable[int] = ()) -> None:
        """Take the heads of another worker's partitions, and which of them caught up."""
        now = self._clock()
        for partition, head_ms in heads.items():
            if partition not in self._ours:
                self._theirs[partition] = _Heard(head_ms, now)
        for partition in caught_up:
            self._theirs.pop(partition, None)
        self._wake()

    def bound_ms(self, *partitions: int) -> int | None:
        """Return the latest event time that partitions of ours, taken together in order of time, may process now.

        None where nobody else holds them.

        >>> aligner = Aligner(clock=lambda: 0.0)
        >>> aligner.begin(0, 5_000); aligner.begin(1, 9_000)
        >>> aligner.bound_ms(1), aligner.bound_ms(0), aligner.bound_ms(0, 1)
        (6000, 10000, None)
        """
        oldest_s = self._clock() - HEARD_FOR_S
        heads = [head for other, head in self._ours.items() if other not in partitions]
        heads += [heard.head_ms for heard in self._theirs.values() if heard.at_s >= oldest_s]
        return min(heads) + ALIGNMENT_MS if heads else None

    def changed(self) -> Coroutine[Any, Any, None]:
        """Return what ends when a bound moved after this call, or in a second: heads of others expire unsaid."""
        self._moved.clear()
        return self._look_again()

    async def _look_again(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), timeout=_LOOK_EVERY_S)

    def _wake(self) -> None:
        self._moved.set()
