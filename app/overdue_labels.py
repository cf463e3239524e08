"""Takes the verdicts that wait in `labels` where a payer partition is opened with a backlog: see `agents.overdue`."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from faust.types import TP

from agents.overdue import OVERDUE_MAX, Overdue, Span, verdicts_of
from app.lag import patient
from tables.clients import close_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.overdue import Waiting
    from agents.payer import PayerLogic
    from app.faust_app import PrahariApp

logger = logging.getLogger(__name__)

_POLL_MS = 500


class Offsets(Protocol):
    """Where logs end, and where the consumer group stands."""

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]: ...
    async def committed(self, tp: TP) -> int: ...


class GroupOffsets:
    """Offsets as a worker asks for them: what the group committed by a client of its own.

    The worker's consumer asks over the connection by which it joins its group, and would wait there for a rebalance
    that waits for the worker.
    """

    def __init__(self, app: PrahariApp) -> None:
        self._app = app

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return where logs end."""
        return cast("Mapping[TP, int]", await self._app.consumer.highwaters(*partitions))

    async def committed(self, tp: TP) -> int:
        """Return where the group committed, 0 where it never did."""
        admin = AIOKafkaAdminClient(**self._app.client_options)
        try:
            await admin.start()
            offsets = await patient(admin.list_consumer_group_offsets)(self._app.conf.id)
        finally:
            await admin.close()
        log = TopicPartition(*tp)
        return max(0, offsets[log].offset) if log in offsets else 0


async def take_overdue(
    offsets: Offsets, client_options: Mapping[str, Any], topic_prefix: str, logic: PayerLogic
) -> None:
    """Let a payer partition that is being opened put the verdicts that wait in their places; durable on return.

    Behind its last owner's lease, that is: what was put out without those verdicts is repeated without them.
    """
    noted, position = logic.applied.overdue, logic.applied.source_offset + 1
    log, labels = (TP(f"{topic_prefix}{name}", logic.partition) for name in ("transactions", "labels"))
    # In this order: what is copied after `labels` is looked at stands behind the backlog.
    until_offset = (await offsets.highwaters(log))[log]
    if noted is not None and noted.applied < noted.count and position <= noted.until_offset:
        await _go_on(client_options, labels, logic, noted)
        return
    from_offset = max(position, logic.applied.leased_until)
    if until_offset <= from_offset:
        return
    begin, end = await _not_copied(offsets, labels, noted)
    verdicts = await _read(client_options, labels, begin, end) if begin < end else []
    if not verdicts:
        return
    before, span = Overdue(0, [], 0) if noted is None else noted, Span(begin, end, from_offset)
    applied = logic.take_overdue(before.following(position, until_offset, span, len(verdicts)), verdicts)
    await logic.table.commit_applied(applied)
    waiting = until_offset - from_offset
    logger.info("payer[%d]: %d verdicts take their places among %d records", logic.partition, len(verdicts), waiting)


async def _go_on(client_options: Mapping[str, Any], labels: TP, logic: PayerLogic, noted: Overdue) -> None:
    """Read the same verdicts as whoever noted them; where `labels` has them no more, their copies count."""
    begin, end, _ = noted.spans[-1]
    verdicts = await _read(client_options, labels, begin, end)
    if len(verdicts) == noted.count:
        logic.take_overdue(noted, verdicts)
        return
    logger.warning(
        "payer[%d]: needed the %d verdicts of %s[%d] from %d to %d, got %d: retention deleted some. Those that are not "
        "applied take effect where their copies stand",
        *(logic.partition, noted.count, *labels, begin, end, len(verdicts)),
    )
    logic.take_overdue(Overdue(noted.until_offset, noted.spans[:-1], 0), [])


async def _not_copied(offsets: Offsets, labels: TP, noted: Overdue | None) -> tuple[int, int]:
    """Return which offsets of `labels` nobody has copied or taken: from there to its end, or as many as are taken."""
    end = (await offsets.highwaters(labels))[labels]
    taken = noted.spans[-1].end if noted is not None and noted.spans else 0
    if end <= taken:
        return end, end
    begin = max(taken, await offsets.committed(labels))
    return begin, min(end, begin + OVERDUE_MAX)


async def _read(client_options: Mapping[str, Any], labels: TP, begin: int, end: int) -> list[Waiting]:
    """Return the verdicts of `labels` from `begin` to `end`, as far as it has them."""
    log = TopicPartition(*labels)
    consumer = AIOKafkaConsumer(
        enable_auto_commit=False, isolation_level="read_committed", auto_offset_reset="earliest", **client_options
    )
    await consumer.start()
    try:
        consumer.assign([log])
        end = min(end, (await consumer.end_offsets([log]))[log])  # there may be another topic of that name by now
        consumer.seek(log, begin)
        records: list[Any] = []
        while begin < end and await consumer.position(log) < end:
            fetched = await consumer.getmany(log, timeout_ms=_POLL_MS)
            records += [record for record in fetched.get(log, []) if begin <= record.offset < end]
        return await asyncio.to_thread(verdicts_of, records)
    finally:
        close_later(consumer)
