"""Overdue verdicts as bundles tell of them: what they say, and between which records of `transactions` they stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from agents.overdue_places import overdue_place, overdue_source
from features.transaction import Verdict
from replay.recorded import PlacedVerdict

if TYPE_CHECKING:
    from agents.bundle import Bundle
    from app.export.survey import Survey


class OverdueLog:
    """Takes overdue verdicts payee partition by payee partition, gives them in the order of their payer partitions."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        self._seen: set[tuple[int, int]] = set()
        self._waiting: dict[int, list[tuple[int, int, PlacedVerdict]]] = {}

    def take(self, bundle: Bundle, at: int, source: int, payee_partition: int, payee_order: int) -> bool:
        """Take the overdue verdict at a place of a bundle; tell whether it is new and asked for."""
        offset, payer_partition = bundle.offsets[at], overdue_source(source)
        before, rank = overdue_place(offset)
        ends = bundle.content_ends()
        verdict = msgspec.msgpack.decode(bundle.contents[ends[at - 1] if at else 0 : ends[at]], type=Verdict)
        behind = before - 1 - self._found.first[payer_partition]
        inside = behind < len(self._found.kinds[payer_partition]) and self._found.span.holds(verdict)
        if not inside or (source, offset) in self._seen:
            return False
        self._seen.add((source, offset))
        # Replay takes a verdict behind the record of its offset: this one stands behind the record before.
        placed = PlacedVerdict(verdict, payer_partition, before - 1, payee_partition, payee_order)
        self._waiting.setdefault(payer_partition, []).append((before, rank, placed))
        return True

    def sort(self) -> None:
        """Put what was taken in order, when all of it is."""
        for waiting in self._waiting.values():
            waiting.sort(reverse=True)

    def before(self, payer_partition: int, offset: int) -> list[PlacedVerdict]:
        """Give those that stand before a record of a payer partition and were not given yet, in their order."""
        given, waiting = [], self._waiting.get(payer_partition, [])
        while waiting and waiting[-1][0] <= offset:
            given.append(waiting.pop()[-1])
        return given

    def rest(self) -> list[PlacedVerdict]:
        """Give all that are left."""
        return [placed for waiting in self._waiting.values() for _, _, placed in reversed(waiting)]
