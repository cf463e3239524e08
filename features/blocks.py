"""Cuts a part into blocks whose accounts are open at one time: 20 KiB each, they should fit the processor's caches.

What a part came to does not depend on where it is cut: an account that comes again in a later block is opened again as
the earlier one left it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.compiled import compiled_making_arrays
from features.events import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.processed import Lane

#: Events whose accounts are open at one time, at most.
BLOCK_EVENTS_MAX = 256


class Span(NamedTuple):
    """Events of one lane, by its place among the lanes, from `begin` to `end`."""

    lane: int
    begin: int
    end: int


def blocks(lanes: Sequence[Lane], events_max: int = BLOCK_EVENTS_MAX) -> Iterator[list[Span]]:
    """Yield what is worked on together: spans of lanes that stand one behind the other, at most so many events.

    >>> from features.processed import Lane
    >>> [[tuple(span) for span in block] for block in blocks([Lane(3, 0), Lane(3, 0), Lane(8, 0)], 4)]
    [[(0, 0, 3), (1, 3, 3), (2, 3, 4)], [(2, 4, 8)]]
    """
    block: list[Span] = []
    begin = first = 0
    for at, lane in enumerate(lanes):
        while lane.end - first > events_max:
            yield [*block, Span(at, begin, first + events_max)]
            block, begin = [], first + events_max
            first = begin
        block.append(Span(at, begin, lane.end))
        begin = lane.end
    if block:
        yield block


def renumbered(events: Events) -> tuple[list[int], Events]:
    """Return the places of the accounts that events name, and the events with places among these; `events` stay."""
    own = events.copy()
    return renumber(own).tolist(), own


@compiled_making_arrays
def renumber(events: Events) -> NDArray[np.int64]:
    """Return the accounts that there are, as they first come, and write their places among these in their stead.

    >>> events = np.array([[7], [0], [7], [3]])
    >>> renumber(events).tolist(), events[:, ACCOUNT].tolist()
    ([7, 0, 3], [0, 1, 0, 2])
    """
    most = -1
    for at in range(len(events)):
        most = max(most, events[at, ACCOUNT])
    places, found, count = np.full(most + 1, -1), np.empty(len(events), np.int64), 0
    for at in range(len(events)):
        account = events[at, ACCOUNT]
        if places[account] < 0:
            places[account] = count
            found[count] = account
            count += 1
        events[at, ACCOUNT] = places[account]
    return found[:count]
