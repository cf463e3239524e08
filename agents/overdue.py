"""Verdicts that came while payments waited: each takes effect where its label time comes in the backlog.

After an outage, copies of verdicts (`agents.forward`) stand behind every payment that waited, days of event time late.
So a payer partition opened with a backlog takes what `labels` holds for it, once, and puts each verdict before the
first payment that is later than its label time; copies of these are passed over. A worker that was killed may have put
out something without them: what its lease covers (`agents.leased`) is left as it was, and they begin behind that.

```
transactions   │ 09:00  09:10  09:20  09:30 │ copies: 09:05  09:25    labels │ 09:05  09:25
worked on as   │ 09:00 [09:05] 09:10  09:20 [09:25] 09:30 │            until_offset: where the backlog ended
after a kill   │ 09:00  09:10 │leased [09:05] 09:20 [09:25] 09:30 │    from_offset: where the lease ended
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

from agents.bundle import Kind
from agents.headers import labels_offset
from agents.overdue_places import overdue_offset
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


class Span(NamedTuple):
    """Offsets [begin, end) of `labels`, whose verdicts stand before records of `transactions` from `from_offset` on."""

    begin: int
    end: int
    from_offset: int = 0


class Overdue(msgspec.Struct, array_like=True):
    """What a payer partition has noted: of `labels`, some `spans`, the last of them in use.

    It holds `count` verdicts, of which `applied` have taken effect; the others do at `until_offset` at the latest.
    Their ranks begin at `first_rank`: a backlog may begin where verdicts of the one before stood last.
    """

    until_offset: int
    spans: list[Span]
    count: int
    applied: int = 0
    first_rank: int = 0

    @property
    def from_offset(self) -> int:
        """The first offset that one of them may stand before."""
        return self.spans[-1].from_offset if self.spans else 0

    def following(self, position: int, until_offset: int, span: Span, count: int) -> Overdue:
        """Return what is noted of a backlog after this one, which begins at an offset of `transactions`.

        >>> following = Overdue(7, [Span(0, 3)], 3, 3).following(7, 9, Span(3, 5), 2)
        >>> [span[:2] for span in following.spans], following.count, following.first_rank
        ([(0, 3), (3, 5)], 2, 3)
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
        at = labels_offset(record)
        return at is not None and any(
            span.begin <= at < span.end and record.offset >= span.from_offset for span in self.noted.spans
        )

    def _befores(self, read: Records, start: int, end: int) -> list[int]:
        """Return the place in `read` before which each of the verdicts stands whose turn has come."""
        if self._rank >= len(self._verdicts):
            return []
        from_offset = self.noted.from_offset
        start = next((at for at in range(start, end) if read.records[at].offset >= from_offset), end)
        if start == end:
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
