"""Gives stages what this worker itself appended to their logs, without reading it back from the broker.

An acknowledgement says where a batch stands in its log. Where that is right behind what the partition was given last,
no other writer's record is between: the records are the log's next, and durable. Anything else is left to the fetch,
which reads the log as always. So a stage sees one log in one order, whichever way a record came.

```
payer ─► producer ─► broker ─► ack, offset ─► payee        own, next in the log
                        └────► fetch ───────► payee        another worker's, after a restart, with too much waiting
```

Fetches are told where the partition stands (`ReadPast`) and begin there. While this worker alone writes a log, they ask
for it only now and then: a fetch costs worker and broker a millisecond.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faust.types import TP

#: How often a log that only this worker writes is fetched nevertheless: others may write to it, tools for instance.
LOOK_EVERY_S = 0.25


class Appended(NamedTuple):
    """A record as the log has it; the form is `agents.ports.Record`'s."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Places:
    """Where partitions stand: which offset each is to be given next. Written by the worker's thread, read by others."""

    def __init__(self) -> None:
        self.next_offset: dict[TP, int] = {}
        self.alone: frozenset[TP] = frozenset()
        self._ends: dict[TP, int] = {}

    def begin(self, next_offset: dict[TP, int], alone: frozenset[TP]) -> None:
        """Say where partitions are to be read from, and which logs no other worker writes."""
        self.next_offset, self.alone, self._ends = next_offset, alone, {}

    def given(self, tp: TP, last_offset: int) -> None:
        """Say that a partition was given its log up to here."""
        if last_offset >= self.next_offset.get(tp, 0):
            self.next_offset[tp] = last_offset + 1

    def is_next(self, tp: TP, first_offset: int, count: int) -> bool:
        """Whether what was appended is what the partition is to be given next."""
        self._ends[tp] = max(first_offset + count, self._ends.get(tp, 0))
        return self.next_offset.get(tp) == first_offset

    def read_back(self, tp: TP) -> bool:
        """Whether the log must be read: others write it, or something appended was not given."""
        return tp not in self.alone or self.next_offset.get(tp, 0) < self._ends.get(tp, 0)


class _Some(NamedTuple):
    """Some partitions of an aiokafka assignment, in the form that its fetcher asks."""

    tps: list[Any]
    state_value: Callable[[Any], Any]


class ReadPast:
    """Wraps aiokafka's choice of what to fetch: begins where stages stand, leaves out what needs no reading."""

    def __init__(self, fetcher: Any, places: Places) -> None:
        self._choose = fetcher._get_actions_per_node
        self._untaken = fetcher._records
        self._places = places
        self._look_s = 0.0

    def __call__(self, assignment: Any) -> Any:
        return self._choose(_Some(list(self._wanted(assignment)), assignment.state_value))

    def _wanted(self, assignment: Any) -> Iterator[Any]:
        places, now_s = self._places, time.monotonic()
        look = now_s >= self._look_s
        if look:
            self._look_s = now_s + LOOK_EVERY_S
        for tp in assignment.tps:
            state, stands = assignment.state_value(tp), places.next_offset.get(tp)
            if stands is None or tp in self._untaken or not state.has_valid_position:
                yield tp
                continue
            if state.position < stands:
                state.seek(stands)
            if look or places.read_back(tp):
                yield tp
