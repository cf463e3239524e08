"""A worker whose first assignments come and go before it is ready waits for no fetch that never was."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from app.transport.consumer import BatchConsumer


def consumer_with(*, started: bool) -> BatchConsumer:
    """Return a consumer of which nothing is there but whether its fetcher has started."""
    consumer = BatchConsumer.__new__(BatchConsumer)
    consumer.app = SimpleNamespace(_fetcher=SimpleNamespace(started=started))
    return consumer


async def test_before_the_first_fetch_every_assignment_may_seek_at_once() -> None:
    """The second, too: two workers that start together are assigned twice."""
    consumer = consumer_with(started=False)
    async with asyncio.timeout(5):
        await consumer.parked()
        await consumer.parked()


async def test_with_a_fetcher_at_work_an_assignment_waits_for_it() -> None:
    """A fetch under way would undo the seek."""
    consumer = consumer_with(started=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await consumer.parked()
