"""Hands each agent one event per partition chunk, and gives partitions up only when their state is durable.

Stock Faust makes an event of every record, with four tasks each. Here a fetch becomes at most a few events per
partition: the event's value is a list of records, its offset that of the last one. Acks come in order per partition,
so the offset to commit is simply the last one acked plus one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from app.time_limit import TimeLimit
from app.transport.fetching import BatchConsumerThread
from app.transport.pace import PACE_MIN_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.transport.stages import Stages

CHUNK_RECORDS_MAX = 1_000
_POLL_S = 0.25
#: With a partition that may not be fetched now, look again soon: it drains in milliseconds.
_POLL_FULL_S = 0.01


class _Fetching(NamedTuple):
    """A fetch under way, and the assignment it is for."""

    generation: int
    records: asyncio.Task[dict[Any, list[Any]]]


class BatchConsumer(driver.Consumer):
    """Faust's consumer with chunks for events."""

    _parked: asyncio.Event | None = None
    _fetching: _Fetching | None = None

    @property
    def _stages(self) -> Stages:
        return cast("Stages", self.app.stages)

    @property
    def pace_s(self) -> float:
        """How far apart fetches are now."""
        pace = self._thread.pace
        return PACE_MIN_S if pace is None else pace.pace_s

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def parked(self) -> None:
        """Return when no fetch of an earlier assignment is under way: from then on a seek is not undone."""
        if not self.app._fetcher.started:
            return  # nothing was ever fetched, however many assignments came and went
        if self._parked is None:
            self._parked = asyncio.Event()
        await self._parked.wait()

    async def _drain_messages(self, fetcher: Any) -> None:
        if self._parked is None:
            self._parked = asyncio.Event()
        while not (self._stopped.is_set() or fetcher._stopped.is_set()):
            if not self.flow_active:
                await self._end_fetch()
                self._parked.set()
                await self.wait(self.can_resume_flow)
                continue
            self._parked.clear()
            chunks = [
                (tp, fetched[start : start + CHUNK_RECORDS_MAX])
                for tp, fetched in (await self._next_records()).items()
                for start in range(0, len(fetched), CHUNK_RECORDS_MAX)
            ]
            last = {tp.topic: at for at, (tp, _) in enumerate(chunks)}
            for at, (tp, records) in enumerate(chunks):
                await self._hand_over(tp, records, more=at < last[tp.topic])

    async def _next_records(self) -> dict[Any, list[Any]]:
        """Return what was fetched, with the next fetch under way: its thread need not be asked when records come."""
        generation, fetching = self._fetching or self._begin_fetch()
        records = await fetching
        self._fetching = None
        if not self.flow_active or generation != self.app.consumer_generation_id:
            return {}  # the new assignment seeks to where its state is
        self._fetching = self._begin_fetch()
        return records

    async def _end_fetch(self) -> None:
        """Wait for the fetch that is under way, if one is, and drop it."""
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            await asyncio.gather(fetching.records, return_exceptions=True)

    def _begin_fetch(self) -> _Fetching:
        return _Fetching(self.app.consumer_generation_id, asyncio.create_task(self._fetch()))

    async def _fetch(self) -> dict[Any, list[Any]]:
        wanted = set(self._get_active_partitions())
        full = self._stages.full_partitions()
        open_for = wanted - full
        self._thread.hold_back(full=bool(full))
        if not open_for:
            await asyncio.sleep(_POLL_FULL_S)
            return {}
        records = cast("dict[Any, list[Any]]", await self._getmany(open_for, _POLL_FULL_S if full else _POLL_S))
        if records:
            cut = any(self._behind(tp, some[-1]) for tp, some in records.items())
            self._thread.pace.brought(sum(map(len, records.values())), cut=cut)
        return records

    async def _hand_over(self, tp: Any, records: list[Any], *, more: bool) -> None:
        """Give Faust a chunk; `more` of the same fetch and topic follow, which are worked on together."""
        last = records[-1]
        message = ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            [],
            None,
            records,
            None,
            None,
            None,
            TP(tp.topic, tp.partition),
            generation_id=self.app.consumer_generation_id,
        )
        message.more, message.taken = more, False
        message.behind = self._behind(tp, last)
        await self.callback(message)
        self._read_offset[message.tp] = last.offset

    def _behind(self, tp: Any, last: Any) -> int:
        """Return how many records stood behind this one when it was fetched."""
        highwater = self.highwater(tp)
        return 0 if highwater is None else max(0, highwater - last.offset - 1)

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked[tp]
        if not acked:
            return None
        offset: int = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let no more records in, finish what is computed and commit, then let Faust forget the partitions."""
        self.app.tables.on_partitions_revoked(revoked)  # at once: an assignment being opened must not let records in
        self.stop_flow()  # Faust does not where nothing was assigned, and the next assignment waits for it
        self._thread.hold_back(full=True)  # a fetch that waits for records would hold up what the next assignment asks
        with TimeLimit("rebalance", self.app.end_process):
            await self._stages.release()
            await self.commit()
        await super().on_partitions_revoked(revoked)

    async def on_stop(self) -> None:
        """Finish what is computed and commit, then leave the group."""
        await self._stages.release()
        await super().on_stop()
        if self._fetching is not None:
            self._fetching.records.cancel()

    def acknowledge(self, tp: TP, offset: int) -> None:
        """Take an offset up to which a partition's log is done with, though it was not read through a fetch."""
        message = ConsumerMessage(tp.topic, tp.partition, offset, 0.0, 0, [], None, None, None, None, None, tp)
        message.taken = True
        self.ack(message)

    def ack(self, message: Any) -> bool:
        """Take an acknowledgement; not that of a chunk that no stage was given: Faust acknowledges what it skips."""
        if not message.taken:
            self._unacked_messages.discard(message)
            return False
        return cast("bool", super().ack(message))

    async def commit_applied(self, positions: Mapping[TP, int]) -> None:
        """Tell the group what state has applied, in the thread that fetches."""
        await self._thread.call_thread(self._thread.commit_applied, positions)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's livelock detector looks at single events; the watchdog looks at lag instead."""
