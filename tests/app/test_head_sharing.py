"""Workers tell each other over Kafka where they stand in a backlog and what comes next."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.alignment import Aligner
from agents.coming import TOLD_MAX, Coming
from agents.others import ALIGNMENT_MS
from app.head_sharing import TOPIC, HeadSharing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from app.broker.embedded import EmbeddedBroker

WITHIN_S = 20.0
#: As many records as make a message too large for Kafka, if they were told at once.
MANY = 100_000


def payments(count: int) -> Coming:
    """Return a payment each minute, each between accounts of its own."""
    times_ms = np.arange(1, count + 1) * 60_000
    return Coming(int(times_ms[-1]), times_ms, np.arange(2 * count).reshape(-1, 2))


@asynccontextmanager
async def two_workers(broker: EmbeddedBroker, prefix: str) -> AsyncIterator[tuple[Aligner, Aligner]]:
    """Give the aligners of two workers that hear each other."""
    options = {"bootstrap_servers": broker.bootstrap}
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + TOPIC, 1, 1)])
    await admin.close()
    aligners = [Aligner(asyncio.get_running_loop().time) for _ in range(2)]
    sharing = [HeadSharing(aligner, prefix, lambda: options) for aligner in aligners]
    for one in sharing:
        await one.start()
    try:
        yield aligners[0], aligners[1]
    finally:
        for one in sharing:
            await one.stop()


async def until(holds: Callable[[], bool]) -> None:
    """Return when something holds."""
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_worker_hears_where_another_stands_and_what_comes_there(broker: EmbeddedBroker) -> None:
    """It may go on to the first record that shares an account with an earlier one there."""
    async with two_workers(broker, "heads-1.") as (ours, theirs):
        theirs.begin(1, 0)
        await until(lambda: ours.bound_ms(0) == ALIGNMENT_MS)

        theirs.announce(1, 600_000, payments(10))

        own = Coming(590_000, np.array([300_000, 590_000]), np.array([[100, 101], [100, 3]]))
        await until(lambda: ours.reaches_ms({0: lambda: own}) == {0: 589_999})


async def test_a_long_backlog_is_told_piece_by_piece_as_it_is_worked_on(broker: EmbeddedBroker) -> None:
    """No record grows with what was read, and others never know less than half of it ahead."""
    own = Coming(10**12, np.array([10**12]), np.array([[-1, -2]]))
    async with two_workers(broker, "heads-2.") as (ours, theirs):
        theirs.begin(1, 0)
        theirs.announce(1, MANY * 60_000, payments(MANY))
        await until(lambda: ours.reaches_ms({0: lambda: own}) == {0: (TOLD_MAX + 1) * 60_000 - 1})

        theirs.settle(1, TOLD_MAX * 60_000 // 2 + 60_000)

        await until(lambda: ours.reaches_ms({0: lambda: own}) == {0: (TOLD_MAX // 2 + TOLD_MAX + 1) * 60_000 - 1})


async def test_who_begins_to_listen_later_hears_of_it_too(broker: EmbeddedBroker) -> None:
    """What comes is repeated, as heads are."""
    own = Coming(10**12, np.array([10**12]), np.array([[-1, -2]]))
    async with two_workers(broker, "heads-3.") as (ours, theirs):
        theirs.begin(1, 0)
        theirs.announce(1, 600_000, payments(10))
        await until(lambda: ours.reaches_ms({0: lambda: own}) == {0: 600_000})

        ours.expect([1])

        assert ours.reaches_ms({0: lambda: own}) == {0: ALIGNMENT_MS}
        await until(lambda: ours.reaches_ms({0: lambda: own}) == {0: 600_000})
