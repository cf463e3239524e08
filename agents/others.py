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

    def hear(self, partition: int, head_ms: int, coming: Coming | None = None) -> None:
        """Take what its owner says of a partition; without what comes, what it told before still holds."""
        known = self._heard.get(partition)
        if coming is None and known is not None:
            coming = known.coming
        self._heard[partition] = Heard(head_ms, self._clock(), coming and coming.since(head_ms))

    def expect(self, partitions: Iterable[int]) -> None:
        """Say which partitions others have now: each holds where it stood, or wholly, until its owner is heard of."""
        for partition in partitions:
            known = self._heard.get(partition)
            self._heard[partition] = Heard(UNKNOWN_MS if known is None else known.head_ms, self._clock())

    def drop(self, partition: int) -> None:
        """Forget a partition: it is ours now, or holds nobody."""
        self._heard.pop(partition, None)

    def fresh(self) -> list[Heard]:
        """Return what was heard lately enough to hold anybody."""
        oldest_s = self._clock() - HEARD_FOR_S
        return [heard for heard in self._heard.values() if heard.at_s >= oldest_s]
