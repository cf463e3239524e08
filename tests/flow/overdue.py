"""`transactions` as the payer stage worked on it: overdue verdicts, which bundles tell of, where they took effect."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.bundle import Item, decode_bundle
from agents.overdue_places import is_overdue, overdue_offset, overdue_place, overdue_source
from agents.ports import KIND_HEADER, KIND_VERDICT, OFFSET_HEADER
from app.warm_up import verdict_json
from features.transaction import Verdict, parse_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Place = tuple[int, int]


class Overdue(NamedTuple):
    """An overdue verdict as a record of its payer partition; its offset is below zero, as no other's is."""

    partition: int
    offset: int
    timestamp: int
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ((KIND_HEADER, KIND_VERDICT),)


def place_of(item: Item) -> Place:
    """Return payer partition and offset of a bundle's item, as `worked_on` has them."""
    return (overdue_source(item.source), -1 - item.offset) if is_overdue(item.source) else (item.source, item.offset)


def worked_on(transactions: Iterable[Any], bundles: Iterable[Any]) -> list[Any]:
    """Return the records that had an effect, each partition's in the order of that: copies of overdue verdicts do not.

    Every copy that is left out must say what an overdue verdict of its partition said.
    """
    reached: set[Place] = set()
    waiting: dict[int, dict[tuple[int, int], Verdict]] = defaultdict(dict)
    for record in bundles:
        for item in decode_bundle(record.value).items():
            reached.add((item.source, item.offset))
            if is_overdue(item.source):
                assert isinstance(item.content, Verdict)
                waiting[overdue_source(item.source)][overdue_place(item.offset)] = item.content
    left = {partition: sorted(found.items(), reverse=True) for partition, found in waiting.items()}
    records: list[Any] = []
    for record in transactions:
        records += _due(record.partition, left.get(record.partition, []), record.offset)
        if _is_copy(record) and (record.partition, record.offset) not in reached:
            assert parse_verdict(record.value, record.timestamp) in waiting[record.partition].values(), record
            continue
        records.append(record)
    return records + [one for partition, some in left.items() for one in _due(partition, some, None)]


def _due(partition: int, left: list[tuple[tuple[int, int], Verdict]], offset: int | None) -> Iterator[Overdue]:
    """Yield those that stand before an offset, or all."""
    while left and (offset is None or left[-1][0][0] <= offset):
        (before, rank), verdict = left.pop()
        yield Overdue(partition, -1 - overdue_offset(before, rank), verdict.label_time_ms, verdict_json(verdict))


def _is_copy(record: Any) -> bool:
    return OFFSET_HEADER in dict(record.headers)
