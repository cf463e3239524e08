"""Payments of the past that come while a worker runs: what a bank held back through an outage of its own, or a history.

There is no backlog to see then: they are worked on as fast as they come, and a moment between two partitions is
hours of event time. So a partition that is brought payments over `PAST_MS` old takes part in the alignment
(`agents.alignment`). One that reaches its log's end among them *lingers*: it holds the others until `LINGER_S` after
its head moved last, as more may be on its way. When the first of them come to any worker, partitions that have none
yet linger too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Payments this old are not being made now.
PAST_MS = 60_000
#: How long a partition that stands at its log's end holds others: several fetches, and a message between workers.
LINGER_S = 0.5
#: How long it is known which partitions are brought any.
MUSTERED_FOR_S = 30.0


def is_past(time_ms: float, now_ms: float) -> bool:
    """Whether payments of this time are not being made now.

    >>> is_past(39_999, 100_000), is_past(40_000, 100_000)
    (True, False)
    """
    return now_ms - time_ms > PAST_MS


class Past:
    """Which partitions of a worker linger, and until when. `wall_ms` is the time of day, in ms."""

    def __init__(self, clock: Callable[[], float], wall_ms: Callable[[], float]) -> None:
        self._clock, self._wall_ms = clock, wall_ms
        self._until_s: dict[int, float] = {}
        self._mustered_s = -MUSTERED_FOR_S

    def holds(self, time_ms: int) -> bool:
        """Whether payments of this time are not being made now.

        >>> past = Past(lambda: 0.0, lambda: 100_000.0)
        >>> past.holds(39_999), past.holds(40_000)
        (True, False)
        """
        return is_past(time_ms, self._wall_ms())

    def linger(self, partition: int) -> None:
        """Let a partition leave soon, unless it moves before."""
        self._until_s.setdefault(partition, self._clock() + LINGER_S)

    def moved(self, partition: int) -> None:
        """Take note that a partition went on, or that it has left."""
        self._until_s.pop(partition, None)

    @property
    def lingering(self) -> bool:
        """Whether any partition is soon to leave."""
        return bool(self._until_s)

    @property
    def lingered(self) -> list[int]:
        """Partitions that are to leave now."""
        now_s = self._clock()
        return [partition for partition, until_s in self._until_s.items() if until_s <= now_s]

    def next_in_s(self, most_s: float) -> float:
        """Return in how many seconds the next partition is to leave, `most_s` at most."""
        now_s = self._clock()
        return max(0.0, min([most_s, *(until_s - now_s for until_s in self._until_s.values())]))

    def is_new(self) -> bool:
        """Whether partitions are to be asked for payments of the past; they are not again for some time.

        >>> past = Past(lambda: 0.0, lambda: 0.0)
        >>> past.is_new(), past.is_new()
        (True, False)
        """
        now_s = self._clock()
        new = now_s >= self._mustered_s + MUSTERED_FOR_S
        self._mustered_s = now_s if new else self._mustered_s
        return new
