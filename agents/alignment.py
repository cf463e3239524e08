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
Where a second holds little, partitions also tell what comes: others may go on through it (`agents.coming`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from agents.coming import TOLD_MAX, ReadAhead
from agents.others import ALIGNMENT_MS, HEARD_FOR_S, UNKNOWN_MS, Others
from agents.past import LINGER_S, Past
from agents.reach import bound_ms, reaches_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping

    from agents.coming import Coming

_LOOK_EVERY_S = 1.0


class Aligner:
    """The heads of all partitions that are catching up; one for all payer partitions of a worker.

    Within a worker a head moves as soon as what came before it was handed to the producer, which keeps the order. To
    other workers only *durable* heads are told: everything before them is acknowledged. `clock` gives seconds that only
    grow, `wall_ms` the time of day. `on_change` is called when there is something to tell, `on_past` when the first
    payments of the past come to any worker.
    """

    def __init__(self, clock: Callable[[], float], wall_ms: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self.on_change: Callable[[], None] = lambda: None
        self.on_past: Callable[[], None] = lambda: None
        self.past = Past(clock, wall_ms)
        self._ours: dict[int, int] = {}
        self._durable: dict[int, int] = {}
        self._read: dict[int, ReadAhead] = {}
        self._caught_up: dict[int, float] = {}
        self._others = Others(clock)
        self._moved = asyncio.Event()

    @property
    def heads(self) -> Mapping[int, int]:
        """Heads of our partitions that are catching up, by partition, in ms."""
        return self._ours

    @property
    def durable_heads(self) -> Mapping[int, int]:
        """Heads before which everything is acknowledged: what other workers may rely on."""
        return self._durable

    @property
    def announced_ms(self) -> dict[int, int]:
        """Until when all that partitions of ours have before them is known, where it is sparse."""
        return {partition: read.until_ms for partition, read in self._read.items() if read.told}

    def coming(self, partition: int) -> Coming:
        """Return the first of what an announced partition has before it, from its durable head on."""
        return self._read[partition].whole().since(self._durable[partition]).first(TOLD_MAX)

    def begin(self, partition: int, head_ms: int = UNKNOWN_MS) -> None:
        """Say that a partition of ours has a backlog, before it starts."""
        self._ours[partition] = self._durable[partition] = head_ms
        self.past.moved(partition)
        self._read.pop(partition, None)
        self._caught_up.pop(partition, None)
        self._others.drop(partition)
        self.on_change()

    def begin_past(self, partition: int, head_ms: int) -> None:
        """Say that a partition of ours, which had no backlog, is brought payments of the past."""
        self.begin(partition, head_ms)
        if self.past.is_new():
            self._others.await_briefly(LINGER_S)
            self.on_past()

    def move(self, partition: int, head_ms: int) -> None:
        """Say what a partition of ours would process next; an earlier time changes nothing."""
        if head_ms > self._ours.get(partition, UNKNOWN_MS):
            self._ours[partition] = head_ms
            self.past.moved(partition)
            self._wake()

    def announce(self, partition: int, until_ms: int, coming: Coming | None) -> None:
        """Say what a partition of ours has read up to a time; None: too dense to tell."""
        if partition in self._durable:
            self._read.setdefault(partition, ReadAhead()).add(until_ms, coming)
            self.on_change()

    def leave(self, partition: int) -> None:
        """Say that a partition of ours reached its log's end, or never was behind it."""
        self._ours.pop(partition, None)
        self.past.moved(partition)
        self._others.drop(partition)
        self._wake()

    def settle(self, partition: int, head_ms: int | None) -> None:
        """Say that everything before this head is acknowledged; None: everything, and the partition has left."""
        if head_ms is None:
            self._durable.pop(partition, None)
            self._read.pop(partition, None)
            self._caught_up[partition] = self._clock()
        elif head_ms > self._durable.get(partition, head_ms):
            self._durable[partition] = head_ms
            if partition in self._read:
                self._read[partition].drop_before(head_ms)
        else:
            return
        self.on_change()

    def forget(self, partition: int) -> None:
        """Give a partition up: where it stood holds us until its new owner is heard of."""
        head_ms = self._durable.pop(partition, None)
        for known in (self._ours, self._read, self._caught_up):
            known.pop(partition, None)
        self.past.moved(partition)
        if head_ms is not None:
            self._others.hear(partition, head_ms)

    def expect(self, partitions: Iterable[int]) -> None:
        """Say which partitions others have now: each holds where it stood, or wholly, until its owner is heard of."""
        self._others.expect(partition for partition in partitions if partition not in self._ours)

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
        until_ms = self.bound_ms(partition)
        return until_ms is not None and self._ours.get(partition, UNKNOWN_MS) > until_ms

    def hear(
        self, heads: Mapping[int, int], caught_up: Iterable[int] = (), coming: Mapping[int, Coming] | None = None
    ) -> None:
        """Take the heads of another worker's partitions, which of them caught up, and what comes in some."""
        theirs = {partition: head_ms for partition, head_ms in heads.items() if partition not in self._ours}
        news = not all(map(self._others.knows, theirs))
        for partition, head_ms in theirs.items():
            self._others.hear(partition, head_ms, (coming or {}).get(partition))
        for partition in caught_up:
            self._others.drop(partition)
        if news and self.past.is_new():
            self.on_past()
        self._wake()

    def bound_ms(self, *partitions: int) -> int | None:
        """Return the latest event time that partitions of ours, taken together, may process now; None: any.

        >>> aligner = Aligner(clock=lambda: 0.0)
        >>> aligner.begin(0, 5_000); aligner.begin(1, 9_000)
        >>> aligner.bound_ms(1), aligner.bound_ms(0), aligner.bound_ms(0, 1)
        (6000, 10000, None)
        """
        return bound_ms(self._near_ms(partitions), self._others.fresh())

    def reaches_ms(self, kept: Mapping[int, Callable[[], Coming]]) -> dict[int, int]:
        """Return how far each partition of `kept`, which gives what it has next, may go; empty: nobody holds them."""
        return reaches_ms(kept, self._near_ms(kept), self._others.fresh())

    def _near_ms(self, partitions: Collection[int]) -> list[int]:
        """Return how far the partitions of ours let others go that are not among these."""
        return [head_ms + ALIGNMENT_MS for other, head_ms in self._ours.items() if other not in partitions]

    def changed(self) -> Coroutine[Any, Any, None]:
        """Return what ends when a bound moved after this call, or in a second: heads of others expire unsaid."""
        self._moved.clear()
        return self._look_again()

    async def _look_again(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), timeout=self.past.next_in_s(_LOOK_EVERY_S))

    def _wake(self) -> None:
        self._moved.set()
