"""Sending prepared records: one open batch and at most one in flight per partition, so batches grow only under load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.errors import BrokerError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from simulator.records import Records

_BATCH_WAIT_MAX = 4


class Sender:
    """Appends records to batches of their partitions; `partitions` holds the partition count of each topic."""

    def __init__(self, producer: Any, topics: Sequence[str], partitions: Sequence[int]) -> None:
        self._producer = producer
        self._topics = list(topics)
        self._partitions = list(partitions)
        self._open: dict[tuple[int, int], Any] = {}
        self._full: dict[tuple[int, int], list[Any]] = {}
        self._flying: dict[tuple[int, int], asyncio.Future[Any]] = {}

    def append(self, records: Records, begin: int, end: int, now_ms: int) -> None:
        """Put records [begin, end) into their partitions' batches, stamped `now_ms` unless they bring a stamp."""
        counts, stamps, batches = self._partitions, records.stamp_ms, self._open
        for index in range(begin, end):
            topic = records.topic[index]
            place = (topic, records.hash[index] % counts[topic])
            stamp = now_ms if stamps is None else stamps[index]
            batch = batches.get(place)
            if batch is None:
                batch = batches[place] = self._producer.create_batch()
            key, value = records.key[index], records.value[index]
            if batch.append(timestamp=stamp, key=key, value=value) is None:
                self._full.setdefault(place, []).append(batch)
                batch = batches[place] = self._producer.create_batch()
                batch.append(timestamp=stamp, key=key, value=value)

    async def flush(self) -> None:
        """Send what can go now: a partition with a batch in flight waits, unless many full ones queue up."""
        for place in list(self._open):
            await self._send_full(place, wait=False)
            if not self._busy(place) and not self._full.get(place):
                await self._send(place, self._open.pop(place))

    async def drain(self) -> None:
        """Send everything and wait until the brokers have it."""
        for place in list(self._open):
            await self._send_full(place, wait=True)
            await self._send(place, self._open.pop(place))
        for future in list(self._flying.values()):
            await self._landed(future)

    async def _send_full(self, place: tuple[int, int], *, wait: bool) -> None:
        waiting = self._full.get(place, [])
        while waiting and (wait or len(waiting) >= _BATCH_WAIT_MAX or not self._busy(place)):
            await self._send(place, waiting.pop(0))

    def _busy(self, place: tuple[int, int]) -> bool:
        future = self._flying.get(place)
        return future is not None and not future.done()

    async def _send(self, place: tuple[int, int], batch: Any) -> None:
        before = self._flying.pop(place, None)
        if before is not None:
            await self._landed(before)
        topic, partition = place
        batch.close()
        self._flying[place] = await self._producer.send_batch(batch, self._topics[topic], partition=partition)

    async def _landed(self, future: asyncio.Future[Any]) -> None:
        try:
            await future
        except Exception as exc:
            raise BrokerError(
                f"the broker did not take a batch: {exc!r}; see that it is up and its disk has room"
            ) from exc
