"""Where each record of `transactions` stood in the logs behind it: the payee partition's order and the budget's.

A payee's order is that of first appearance in `transactions-by-payee`, the budget's that of first appearance in
`candidates`; decisions say which payment a sequence number was. Orders are counted anew from 0 over what is exported,
so that a replay knows when nothing is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from agents.bundle import decode_bundle
from agents.overdue_places import is_overdue
from agents.ports import KIND_HEADER
from agents.run import decode_run
from app.export.overdue import OverdueLog
from app.export.survey import Kind
from features.events import BITS, BOTH_BIT, DEBIT, KIND, PAYMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.export.logs import Logs
    from app.export.survey import Survey

NONE = -1


class _Decision(msgspec.Struct, gc=False):
    payer_offset: int
    partition: int
    sequence: int


class Places:
    """Orders by payer partition and offset, arrays that begin with the partition's first offset; -1: none known."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        self.payee_partition = self._arrays(np.int16)
        self.payee_order = self._arrays(np.int64)
        self.debit_partition = self._arrays(np.int16)
        self.debit_order = self._arrays(np.int64)
        self.budget_order = self._arrays(np.int64)
        self.overdue = OverdueLog(found)
        #: From this offset on a payment without a place was dropped as a repeat; before, its place may be lost.
        self.known_from: dict[int, int] = dict(found.first)

    def _arrays(self, dtype: Any) -> dict[int, NDArray[Any]]:
        return {partition: np.full(len(kinds), NONE, dtype) for partition, kinds in self._found.kinds.items()}

    def was_dropped(self, partition: int, offset: int) -> bool:
        """Tell whether a payment was dropped by the payer stage: it has no place where all places are known."""
        at = offset - self._found.first[partition]
        return bool(self.payee_partition[partition][at] == NONE and offset >= self.known_from[partition])

    def take_bundle(self, payee_partition: int, value: bytes, following: int) -> int:
        """Note the items of a bundle that were not seen before; return the order that follows."""
        bundle = decode_bundle(value)
        if bundle.controls:
            return following
        events = bundle.tables()[0]
        both = (events[:, KIND] == PAYMENT) & (events[:, BITS] & BOTH_BIT != 0)
        credit, debit = (self.payee_partition, self.payee_order), (self.debit_partition, self.debit_order)
        sources = bundle.payer_partitions().tolist()
        for place, (source, offset, kind, has_both) in enumerate(
            zip(sources, bundle.offsets, events[:, KIND].tolist(), both.tolist(), strict=True)
        ):
            if is_overdue(source):
                following += self.overdue.take(bundle, place, source, payee_partition, following)
                continue
            at, kinds = offset - self._found.first[source], self._found.kinds[source]
            if not 0 <= at < len(kinds) or not kinds[at]:
                continue
            for partitions, orders in (debit,) if kind == DEBIT else (credit, debit)[: 1 + has_both]:
                if partitions[source][at] == NONE:
                    partitions[source][at] = payee_partition
                    orders[source][at] = following
                    following += 1
        return following

    def lose_before(self, payee_partition: int) -> None:
        """Say that a payee partition's log has lost its beginning: what is without a place there may have had one."""
        for source, where in self.payee_partition.items():
            here = np.flatnonzero(where == payee_partition)
            first_known = int(here[0]) if len(here) else len(where)
            self.known_from[source] = max(self.known_from[source], self._found.first[source] + first_known)

    def take_budget(self, decided: dict[int, NDArray[np.int64]], order: dict[int, NDArray[np.int64]]) -> None:
        """Give payments their place in the budget's order, counted anew over what is exported.

        `decided` [n, 3] by payer partition: offset, payee partition, sequence; `order` by payee partition and sequence.
        """
        for source, rows in decided.items():
            at = rows[:, 0] - self._found.first[source]
            inside = (at >= 0) & (at < len(self.budget_order[source]))
            for offset, partition, sequence in zip(at[inside], rows[inside, 1], rows[inside, 2], strict=True):
                if self._found.kinds[source][offset] == Kind.PAYMENT and sequence < len(order.get(partition, ())):
                    self.budget_order[source][offset] = order[partition][sequence]
        used = np.sort(np.concatenate([orders[orders >= 0] for orders in self.budget_order.values()]))
        for orders in self.budget_order.values():
            known = orders >= 0
            orders[known] = np.searchsorted(used, orders[known])


async def find_places(logs: Logs, found: Survey) -> Places:
    """Read the logs behind `transactions` and say where everything stood."""
    places = Places(found)
    bundles = await logs.bounds(await logs.partitions("transactions-by-payee"))
    for tp, (begin, end) in bundles.items():
        following = 0
        async for record in logs.read({tp: end}):
            following = places.take_bundle(tp.partition, record.value, following)
        if begin > 0:
            places.lose_before(tp.partition)
    places.overdue.sort()
    order = await _budget_order(logs)
    places.take_budget(await _decided(logs), order)
    return places


async def _budget_order(logs: Logs) -> dict[int, NDArray[np.int64]]:
    """Return, by payee partition, the place of each sequence number in the budget's order."""
    bounds = await logs.bounds(await logs.partitions("candidates"))
    order: dict[int, list[int]] = {}
    following = 0
    async for record in logs.read({tp: end for tp, (_, end) in bounds.items()}):
        if any(name == KIND_HEADER for name, _ in record.headers):
            continue
        run = decode_run(record.value)
        known = order.setdefault(run.payee_partition, [NONE] * run.first_sequence)
        new = range(len(known) - run.first_sequence, len(run.days))
        known.extend(range(following, following + len(new)))
        following += len(new)
    return {partition: np.array(known, np.int64) for partition, known in order.items()}


async def _decided(logs: Logs) -> dict[int, NDArray[np.int64]]:
    """Return offset, payee partition and sequence of every decision, by payer partition."""
    bounds = await logs.bounds(await logs.partitions("decisions"))
    decoder = msgspec.json.Decoder(_Decision)
    found: dict[int, list[tuple[int, int, int]]] = {tp.partition: [] for tp in bounds}
    async for record in logs.read({tp: end for tp, (_, end) in bounds.items()}):
        decision = decoder.decode(record.value)
        found[record.partition].append((decision.payer_offset, decision.partition, decision.sequence))
    return {partition: np.array(rows, np.int64).reshape(-1, 3) for partition, rows in found.items()}
