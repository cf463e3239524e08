"""Makes Kafka batches of what goes to one topic partition: many records by compiled code, a few one by one."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from agents.ports import Outgoing, one_by_one
from features.pieces import Pieces
from tables.record_batch import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiokafka import AIOKafkaProducer

    from agents.ports import Output

#: Below Kafka's default message.max.bytes of 1 MiB.
BATCH_BYTES_MAX = 900 * 1024
#: So few records cost less one by one.
FEW = 4


def batches_of(producer: AIOKafkaProducer, outputs: Sequence[Output]) -> list[Any]:
    """Return outputs of one topic partition as batches, in their order."""
    if sum(map(_count, outputs)) <= FEW:
        return _one_by_one(producer, one_by_one(outputs))
    groups: list[tuple[Pieces, Pieces]] = []
    for single, some in groupby(outputs, lambda output: isinstance(output, Outgoing)):
        if not single:
            groups += [(output.keys, output.values) for output in cast("Iterator[Any]", some)]
            continue
        records = list(cast("Iterator[Outgoing]", some))
        if any(record.headers for record in records):
            return _one_by_one(producer, one_by_one(outputs))
        groups.append((Pieces.of([one.key for one in records]), Pieces.of([one.value for one in records])))
    return list(batches(groups, bytes_max=BATCH_BYTES_MAX, transactional=False))


def _count(output: Output) -> int:
    return 1 if isinstance(output, Outgoing) else len(output.values.ends)


def _one_by_one(producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> list[Any]:
    made = [producer.create_batch()]
    for record in records:
        fields = {"key": record.key, "value": record.value, "timestamp": None, "headers": list(record.headers)}
        if made[-1].append(**fields) is None:
            made.append(producer.create_batch())
            made[-1].append(**fields)
    return made
