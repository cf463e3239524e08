"""Replays an export in its recorded order: each stage in the order of its own log.

Rows come in an order that keeps each payer partition's. What the payee stage worked earlier or later than that waits
here until everything before it has come, partition by partition; memory holds what waits, which is as much as the
partitions had drifted apart.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count, islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from features.errors import HistoryError
from features.events import takes_money
from replay.recorded import NO_PLACE
from replay.sides import PayeeSide, PayerSide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from features.transaction import Transaction, Verdict
    from replay.recorded import PlacedVerdict, RecordedRow

BATCH_ROWS = 4_096

Item = TypeVar("Item")


class InOrder(Generic[Item]):
    """Gives back what is numbered 0, 1, 2, ... in that order, whatever order it is put in.

    >>> line = InOrder()
    >>> line.put(1, "b"), line.put(0, "a"), line.take()
    (None, None, ['a', 'b'])
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Item]] = []
        self._following = 0
        self._ties = count()

    def put(self, number: int, item: Item) -> None:
        """Put an item in its place."""
        heappush(self._waiting, (number, next(self._ties), item))

    def take(self) -> list[Item]:
        """Return what follows without a gap."""
        taken = []
        while self._waiting and self._waiting[0][0] <= self._following:
            self._following = max(self._following, self._waiting[0][0] + 1)
            taken.append(heappop(self._waiting)[2])
        return taken

    def __len__(self) -> int:
        return len(self._waiting)


class Step(NamedTuple):
    """A payment, a debit or a verdict on its way to the payee's side; `source` is None for all but payments."""

    record: Transaction | Verdict
    source: RecordedRow | None
    payer_partition: int
    payee_partition: int
    payee_order: int
    debit: Debit | None = None


class Debit(NamedTuple):
    """Where the debit of a payment has its turn on the payee's side."""

    partition: int
    order: int


class StagedReplay:
    """The two sides, each in its recorded order."""

    def __init__(self) -> None:
        self.payer_side = PayerSide()
        self.payee_side = PayeeSide()
        self._verdicts: dict[int, list[tuple[int, int, PlacedVerdict]]] = {}
        self._lines: dict[int, InOrder[tuple[Step, NDArray[np.float64]] | None]] = {}
        self._ties = count()
        self._last_offset: dict[int, int] = {}

    def rows(self, recorded: Iterable[RecordedRow]) -> Iterator[list[tuple[RecordedRow, NDArray[np.float64]]]]:
        """Yield batches of payments with their features, each payee partition's in its order.

        Raises `HistoryError` where a place is missing that others wait for.
        """
        incoming = iter(recorded)
        while batch := list(islice(incoming, BATCH_ROWS)):
            steps = [step for row in batch for step in self._steps(row)]
            yield self._advance(steps)
        yield self._advance([self._verdict_step(self._pop(partition)) for partition in self._left()])
        stuck = sum(len(line) for line in self._lines.values())
        if stuck:
            raise HistoryError(
                f"needed every payment of the recorded order, got gaps that {stuck} wait for: export it whole"
            )

    def _left(self) -> list[int]:
        """Return the payer partition of each verdict that no payment followed."""
        return [partition for partition, waiting in self._verdicts.items() for _ in waiting]

    def _steps(self, row: RecordedRow) -> Iterator[Step]:
        """Yield a payment, and before it the verdicts of its payer partition that came before it."""
        for placed in row.verdicts:
            heappush(
                self._verdicts.setdefault(placed.payer_partition, []), (placed.payer_offset, next(self._ties), placed)
            )
        place = row.place
        last = self._last_offset.get(place.payer_partition, -1)
        if place.payer_offset <= last:
            raise HistoryError(
                f"needed payments of payer partition {place.payer_partition} in the order of their offsets, got "
                f"{place.payer_offset} after {last}: keep an export's rows as they are"
            )
        self._last_offset[place.payer_partition] = place.payer_offset
        waiting = self._verdicts.get(place.payer_partition, [])
        while waiting and waiting[0][0] < place.payer_offset:
            yield self._verdict_step(self._pop(place.payer_partition))
        debit = Debit(place.debit_partition, place.debit_order) if takes_money(row.row.transaction) else None
        yield Step(row.row.transaction, row, place.payer_partition, place.payee_partition, place.payee_order, debit)

    def _pop(self, partition: int) -> PlacedVerdict:
        return heappop(self._verdicts[partition])[2]

    @staticmethod
    def _verdict_step(placed: PlacedVerdict) -> Step:
        return Step(placed.verdict, None, placed.payer_partition, placed.payee_partition, placed.payee_order)

    def _advance(self, steps: list[Step]) -> list[tuple[RecordedRow, NDArray[np.float64]]]:
        """Take steps through the payer's side, and what is in order through the payee's."""
        ready = self._in_payee_order(steps) if steps else []
        if not ready:
            return []
        got = self.payee_side.feed(
            [step.record for step, _ in ready],
            [step.payee_partition for step, _ in ready],
            debits=np.array([_is_debit(step) for step, _ in ready]),
        )
        ready = [(step, paid) for step, paid in ready if not _is_debit(step)]
        return [
            (step.source, np.concatenate([paid, row]))
            for (step, paid), row in zip(ready, got, strict=True)
            if step.source is not None
        ]

    def _in_payee_order(self, steps: list[Step]) -> list[tuple[Step, NDArray[np.float64]]]:
        """Return the accepted steps, of these and of earlier ones, whose turn has come at their payee partition."""
        accepted, features = self.payer_side.feed(
            [step.record for step in steps], [step.payer_partition for step in steps]
        )
        kept = set(accepted)
        ready: list[tuple[Step, NDArray[np.float64]]] = []
        touched: dict[int, None] = {}
        for at, paid in enumerate(steps):
            for step in _both_sides(paid):
                folded = (step, features[at]) if at in kept else None
                if step.payee_order != NO_PLACE:
                    self._lines.setdefault(step.payee_partition, InOrder()).put(step.payee_order, folded)
                    touched[step.payee_partition] = None
                elif folded is not None:
                    ready.append(folded)
        for partition in touched:
            ready += [folded for folded in self._lines[partition].take() if folded is not None]
        return ready


def _both_sides(step: Step) -> Iterator[Step]:
    """Yield a step, and behind a payment that takes money out of its payer's account the debit of that."""
    yield step
    if step.debit is not None:
        yield step._replace(source=None, payee_partition=step.debit.partition, payee_order=step.debit.order)


def _is_debit(step: Step) -> bool:
    return step.source is None and step.debit is not None
