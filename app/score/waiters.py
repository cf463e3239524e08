"""Who waits for the decision on which payment, and is told what the stream said of it.

Two may say it: this worker's sender, of what it appended itself, as soon as it is durable, and the tail, of what other
workers appended. Whoever comes first answers: a decision that is sent twice is the same to the byte. While nobody
waits nothing is looked at; while somebody does, only what is of a payer that is waited for is decoded.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from agents.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.ports import Output
    from app.score.payment import Asked

TRANSACTIONS, DECISIONS, REJECTED = "transactions", "decisions", "rejected"


class Awaited(NamedTuple):
    """A payment whose decision somebody waits for: where it goes, under which key, its id and its record's value."""

    partition: int
    key: bytes
    transaction_id: str
    value: bytes

    @classmethod
    def of(cls, partition: int, asked: Asked) -> Awaited:
        """Return what is awaited of a payment that `/score` was asked for."""
        transaction = asked.transaction
        return cls(partition, transaction.payer_vpa.encode(), transaction.transaction_id, asked.value)


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody who waits; `rejections` are by the offset of the record that was refused.

    `followed` is whether what other workers say is wanted, too.
    """

    awaited: Awaited
    future: asyncio.Future[dict[str, Any]]
    offset: int | None = None
    followed: bool = False
    rejections: dict[int, dict[str, Any]] = field(default_factory=dict)

    def sent(self, offset: int) -> None:
        """Say which record is ours, so that its rejection is."""
        self.offset = offset
        if offset in self.rejections:
            self.resolve(self.rejections[offset])

    def decided(self, decision: dict[str, Any]) -> None:
        """Take a decision on a payment of this payer."""
        if decision["transaction_id"] == self.awaited.transaction_id:
            self.resolve(decision)

    def refused(self, rejection: dict[str, Any]) -> None:
        """Take what was said of a record of this payer that was refused; ours may not be known yet."""
        if rejection.get("source_topic") == TRANSACTIONS:
            offset = rejection["source_offset"]
            self.rejections[offset] = rejection
            if offset == self.offset:
                self.resolve(rejection)

    def resolve(self, outcome: dict[str, Any]) -> None:
        """End the wait."""
        if not self.future.done():
            self.future.set_result(outcome)


class Waiters:
    """All who wait on this worker."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, bytes], list[Waiter]] = {}

    def expect(self, awaited: Awaited) -> Waiter:
        """Begin to wait for a payment; what this worker appends from now on is not missed."""
        waiter = Waiter(awaited, asyncio.get_running_loop().create_future())
        self._waiting.setdefault((awaited.partition, awaited.key), []).append(waiter)
        return waiter

    def forget(self, waiter: Waiter) -> None:
        """Wait no longer."""
        place = (waiter.awaited.partition, waiter.awaited.key)
        waiting = [other for other in self._waiting.get(place, []) if other is not waiter]
        if waiting:
            self._waiting[place] = waiting
        else:
            self._waiting.pop(place, None)

    def followed(self, partition: int) -> bool:
        """Whether somebody wants to know what other workers say of a partition's payments."""
        return any(
            waiter.followed for place, waiting in self._waiting.items() if place[0] == partition for waiter in waiting
        )

    def appended(self, topic: str, partition: int, first_offset: int, outputs: Sequence[Outgoing]) -> None:
        """Take where records of a topic stand in a partition: among them may be a payment that is waited for."""
        if not self._waiting or topic != TRANSACTIONS:
            return
        for at, output in enumerate(outputs):
            for waiter in self._waiting.get((partition, output.key or b""), ()):
                if waiter.awaited.value is output.value:
                    waiter.sent(first_offset + at)

    def durable(self, topic: str, partition: int, outputs: Sequence[Output]) -> None:
        """Take what this worker appended to a partition of a topic."""
        if not self._waiting or topic not in (DECISIONS, REJECTED):
            return
        for output in outputs:
            if isinstance(output, Outgoing):
                self.said(topic, partition, output.key, output.value)
                continue
            for at, key in enumerate(output.keys.each()):
                if (partition, key) in self._waiting:
                    begin, end = output.values.begins[at], output.values.ends[at]
                    self.said(topic, partition, key, output.values.data[begin:end].tobytes())

    def said(self, topic: str, partition: int, key: bytes | None, value: bytes | None) -> None:
        """Take one record of `decisions` or `rejected`, whoever appended it."""
        waiting = self._waiting.get((partition, key or b""))
        if not waiting or value is None:
            return
        outcome = orjson.loads(value)
        for waiter in waiting:
            if topic == DECISIONS:
                waiter.decided(outcome)
            else:
                waiter.refused(outcome)
