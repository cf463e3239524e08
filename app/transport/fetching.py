"""Faust's consumer thread with fetches that wait for data and not for time, ask for what is new, and keep a pace."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver

from app.transport.own_appends import ReadPast
from app.transport.pace import Paced
from app.transport.topics_known import ask_for_missing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from faust.types import TP

logger = logging.getLogger(__name__)

_FETCH_MAX_WAIT_MS, _FETCH_MAX_WAIT_FULL_MS = 500, 20
#: How long aiokafka fetches nothing from a broker while a partition has records that were not taken. A fetch without
#: that partition may wait half a second for the others, so it must be long; with a partition that takes none, short.
_UNTAKEN_S, _UNTAKEN_FULL_S = 0.2, 0.01


class AsRead:
    """Leaves fetched records as aiokafka's parser read them: `agents.ports.Record` needs no more, and they are many."""

    def __init__(self, fetch: Callable[[Any, int, Any], Awaitable[bool]], fetcher: Any) -> None:
        self._fetch = fetch
        self._fetched = fetcher._records

    async def __call__(self, assignment: Any, node: int, request: Any) -> bool:
        some = await self._fetch(assignment, node, request)
        for result in self._fetched.values():
            unread = getattr(result, "_partition_records", None)  # an error has none
            if unread is not None:
                unread._consumer_record = _as_read
        return some


def _as_read(_tp: TopicPartition, record: Any) -> Any:
    return record


def _main_thread_s() -> float:
    """Return the processor time that the worker's main thread has used."""
    ident = threading.main_thread().ident
    return 0.0 if ident is None else time.clock_gettime(time.pthread_getcpuclockid(ident))


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with fetches that wait for data and not for time; `pace` is there once it has started."""

    pace: Paced | None = None
    _asking: asyncio.Task[None] | None = None

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Until records are let in, what opens a partition asks over the same connection, where a fetch holds it up.
        consumer._fetch_max_wait_ms = _FETCH_MAX_WAIT_FULL_MS
        # What a producer takes back in a transaction was never paid.
        consumer._isolation_level = "read_committed"
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher
        self.pace = Paced(fetcher._proc_fetch_request, _main_thread_s)
        fetcher._proc_fetch_request = AsRead(self.pace, fetcher)
        fetcher._get_actions_per_node = ReadPast(fetcher, self.consumer.app.stages.places)
        self._asking = asyncio.create_task(ask_for_missing(self._ensure_consumer()))

    async def on_thread_stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        await super().on_thread_stop()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go to where the group committed, and where it never did to the beginning; return what it committed."""
        return cast("Mapping[TP, int]", await self.call_thread(self._seek_to_committed))

    async def _seek_to_committed(self) -> Mapping[TP, int]:
        """Do so in this thread.

        aiokafka leaves what was never committed where it is: behind records which a fetch that was under way when the
        partition was assigned took, and which were dropped since the assignment was to seek.
        """
        consumer = self._ensure_consumer()
        committed = cast("Mapping[TP, int]", await consumer.seek_to_committed())
        never = [tp for tp, offset in committed.items() if not offset]
        if never:
            await consumer.seek_to_beginning(*never)
        return committed

    def hold_back(self, *, full: bool) -> None:
        """Say whether a partition takes no records now: what it has holds back fetches, and what these may wait."""
        fetcher = self._ensure_consumer()._fetcher
        fetcher._prefetch_backoff = _UNTAKEN_FULL_S if full else _UNTAKEN_S
        fetcher._fetch_max_wait_ms = _FETCH_MAX_WAIT_FULL_MS if full else _FETCH_MAX_WAIT_MS

    async def commit_applied(self, positions: Mapping[TP, int]) -> None:
        """Commit where partitions that are still ours are to be read from; another owner commits for itself."""
        consumer = self._ensure_consumer()
        ours = {TopicPartition(*tp): at for tp, at in positions.items() if at > 0 and tp in self.assignment()}
        if ours:
            try:
                await consumer.commit(ours)
            except KafkaError as exc:
                logger.warning("where state stands could not be committed: %r", exc)
