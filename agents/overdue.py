"""Verdicts that came while payments waited: each takes effect where its label time comes in the backlog.

After an outage, copies of verdicts (`agents.forward`) stand behind every payment that waited, days of event time late.
So a payer partition opened with a backlog takes what `labels` holds for it, once, and puts each verdict before the
first payment that is later than its label time; copies of these are passed over. Not after a kill: see ADR 17.

```
transactions   │ 09:00  09:10  09:20  09:30 │ copies: 09:05  09:25    labels │ 09:05  09:25
worked on as   │ 09:00 [09:05] 09:10  09:20 [09:25] 09:30 │            until_offset: where the backlog ended
```

What was taken is noted in the partition's state before anything depends on it. Whoever goes on after a crash reads the
same verdicts and puts them in the same places, so that outputs are repeated byte by byte. To the payee stage they come
from a source of their own, in offsets that tell the place: before which record, and the how manieth.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from agents.bundle import CONTROL_SOURCE, Kind
from agents.headers import labels_offset
from agents.ports import KIND_HEADER, KIND_VERDICT
from agents.reading import Records
from features.errors import RejectedTransaction
from features.transaction import parse_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.places import Homes
    from agents.ports import Record

#: Verdicts taken at once: 30 MB. Where more wait in a partition, the rest come behind the backlog.
OVERDUE_MAX = 100_000
#: Spans of `labels` remembered, so that copies of what was taken from them are passed over.
SPANS_MAX = 8
_RANK_BITS = 20
_FIRST_SOURCE = CONTROL_SOURCE - 1


class Overdue(msgspec.Struct, array_like=True):
    """What a payer partition has noted: of `labels`, `spans` of offsets [begin, end), the last of them in use.

    It holds `count` verdicts, of which `applied` have taken effect; the others do at `until_offset` at the latest.
    Their ranks begin at `first_rank`: a backlog may begin where verdicts of the one before stood last.
    """

    until_offset: int
    spans: list[tuple[int, int]]
    count: int
    applied: int = 0
    first_rank: int = 0

    def following(self, position: int, until_offset: int, span: tuple[int, int], count: int) -> Overdue:
        """Return what is noted of a backlog after this one, which begins at an offset of `transactions`.

        >>> Overdue(7, [(0, 3)], 3, 3).following(7, 9, (3, 5), 2)
        Overdue(until_offset=9, spans=[(0, 3), (3, 5)], count=2, applied=0, first_rank=3)
        """
        first_rank = self.first_rank + self.count if position <= self.until_offset else 0
        return Overdue(until_offset, [*self.spans[1 - SPANS_MAX :], span], count, first_rank=first_rank)


class Waiting(NamedTuple):
    """A verdict of `labels`, and when it became known."""

    label_time_ms: int
    record: Record


class OverdueRecord(NamedTuple):
    """A verdict in its place; the form is `agents.ports.Record`'s. `offset` is an `overdue_offset`."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ((KIND_HEADER, KIND_VERDICT),)


def overdue_source(payer_partition: int) -> int:
    """Return the source that overdue verdicts of a payer partition have in bundles; or the partition of a source.

    >>> overdue_source(0), overdue_source(3), overdue_source(-5)
    (-2, -5, 3)
    """
    return _FIRST_SOURCE - payer_partition


def is_overdue(source: int) -> bool:
    """Whether a source of a bundle's items is one of overdue verdicts."""
    return source <= _FIRST_SOURCE


def overdue_offset(before: int, rank: int) -> int:
    """Return the offset of the overdue verdict of that rank in its place before an offset of `transactions`.

    >>> overdue_place(overdue_offset(17, 2))
    (17, 2)
    """
    return before << _RANK_BITS | rank


def overdue_place(offset: int) -> tuple[int, int]:
    """Return the offset of `transactions` that an overdue verdict stands before, and its rank."""
    return offset >> _RANK_BITS, offset & (1 << _RANK_BITS) - 1


def verdicts_of(records: Iterable[Record]) -> list[Waiting]:
    """Return the verdicts among records of `labels`, by label time; what is none is the forwarder's to reject."""
    found = []
    for record in records:
        try:
            found.append(Waiting(parse_verdict(record.value, record.timestamp).label_time_ms, record))
        except RejectedTransaction:
            continue
    return sorted(found, key=lambda one: (one.label_time_ms, one.record.offset))


class OverdueVerdicts:
    """The overdue verdicts of one payer partition: what is `noted` of them, and all of them by their label times."""

    def __init__(self, noted: Overdue, verdicts: list[Waiting], homes: Homes) -> None:
        self.noted = noted
        self._verdicts = verdicts
        self._label_times_ms = np.array([one.label_time_ms for one in verdicts], np.int64)
        self._rank = noted.applied
        self._homes = homes

    def place(self, read: Records, start: int, end: int) -> tuple[Records, int, int]:
        """Return the records of `read` from `start` to `end` with verdicts in their places; copies have no effect."""
        self._pass_over_copies(read, start, end)
        befores = self._befores(read, start, end)
        if not befores:
            return read, start, end
        verdicts, at, taken = self._take(befores, read, end), start, 0
        pieces: list[tuple[Records, int, int]] = []
        for before, coming in sorted(Counter(befores).items()):
            pieces += [(read, at, before), (verdicts, taken, taken + coming)]
            at, taken = before, taken + coming
        placed = Records.joined([*pieces, (read, at, end)])
        return placed, 0, len(placed)

    def _pass_over_copies(self, read: Records, start: int, end: int) -> None:
        """Let verdicts that were taken from `labels` already have no effect."""
        for at in np.flatnonzero(read.kinds[start:end] == Kind.VERDICT).tolist():
            if self._was_taken(read.records[start + at]):
                read.pass_over(start + at)

    def _was_taken(self, record: Record) -> bool:
        offset = labels_offset(record)
        return offset is not None and any(begin <= offset < end for begin, end in self.noted.spans)

    def _befores(self, read: Records, start: int, end: int) -> list[int]:
        """Return the place in `read` before which each of the verdicts stands whose turn has come."""
        if self._rank >= len(self._verdicts) or start == end:
            return []
        label_times_ms = self._label_times_ms[self._rank :]
        newest_ms = np.maximum.accumulate(read.times_ms[start:end])
        until = next((at for at in range(start, end) if read.records[at].offset >= self.noted.until_offset), end)
        if until == end and read.records[end - 1].offset != self.noted.until_offset - 1:
            label_times_ms = label_times_ms[: np.searchsorted(label_times_ms, newest_ms[-1])]
        befores = np.searchsorted(newest_ms, label_times_ms, side="right") + start
        return [min(before, until) for before in befores.tolist()]

    def _take(self, befores: list[int], read: Records, end: int) -> Records:
        """Take the verdicts that stand before these places."""
        taken = self._verdicts[self._rank : self._rank + len(befores)]
        until = self.noted.until_offset
        places = [min(until, read.records[at].offset) if at < end else until for at in befores]
        first_rank = self.noted.first_rank + self._rank
        records = [
            OverdueRecord(overdue_offset(before, rank), one.record.timestamp, one.record.key, one.record.value)
            for rank, (one, before) in enumerate(zip(taken, places, strict=True), first_rank)
        ]
        self._rank += len(taken)
        if self._rank >= len(self._verdicts):
            self._verdicts, self._label_times_ms = [], np.empty(0, np.int64)
        return Records.of_overdue(records, self._homes, [one.label_time_ms for one in taken])
