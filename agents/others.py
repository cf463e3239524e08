"""What other workers say of their payer partitions that drain a backlog: where each stands, and what comes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.coming import Coming

ALIGNMENT_MS = 1_000
HEARD_FOR_S = 30.0
#: Where a head stands before its first record is known: it holds everyone.
UNKNOWN_MS = -(2**62)
#: A bound that holds nobody.
NEVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class Heard:
    """The head of one partition, when it was heard of, and what its owner told of what comes from there on."""

    head_ms: int
    at_s: float
    coming: Coming | None = None

    @property
    def until_ms(self) -> int:
        """How far others may go that share no account with what comes there."""
        near_ms = self.head_ms + ALIGNMENT_MS
        return near_ms if self.coming is None else max(near_ms, self.coming.until_ms)


class Others:
    """Partitions that others have. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heard: dict[int, Heard] = {}
        self._expected: frozenset[int] = frozenset()

    def hear(self, partition: int, head_ms: int, coming: Coming | None = None) -> None:
        """Take what its owner says of a partition; without what comes, what it told before still holds."""
        known = self._heard.get(partition)
        if coming is None and known is not None:
            coming = known.coming
        self._heard[partition] = Heard(head_ms, self._clock(), coming and coming.since(head_ms))

    def expect(self, partitions: Iterable[int]) -> None:
        """Say which partitions others have now: each holds where it stood, or wholly, until its owner is heard of."""
        self._expected = frozenset(partitions)
        for partition in self._expected:
            known = self._heard.get(partition)
            self._heard[partition] = Heard(UNKNOWN_MS if known is None else known.head_ms, self._clock())

    def await_briefly(self, for_s: float) -> None:
        """Let partitions of others of which nothing was heard lately hold wholly for a moment."""
        at_s = self._clock() - HEARD_FOR_S + for_s
        self._heard.update({one: Heard(UNKNOWN_MS, at_s) for one in self._expected if not self.knows(one)})

    def knows(self, partition: int) -> bool:
        """Whether a partition was heard of lately."""
        known = self._heard.get(partition)
        return known is not None and self._is_fresh(known)

    def drop(self, partition: int) -> None:
        """Forget a partition: it is ours now, or holds nobody."""
        self._heard.pop(partition, None)

    def fresh(self) -> list[Heard]:
        """Return what was heard lately enough to hold anybody."""
        return list(filter(self._is_fresh, self._heard.values()))

    def _is_fresh(self, heard: Heard) -> bool:
        return heard.at_s >= self._clock() - HEARD_FOR_S
