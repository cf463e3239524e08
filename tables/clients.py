"""Closes Kafka clients beside what comes next."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

# A task that nobody holds may be collected before it ends.
_closing: set[asyncio.Task[None]] = set()


def close_later(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Close a client beside what comes next: over TLS a broker that says no goodbye keeps it waiting for 30 s."""
    task = asyncio.create_task(client.stop())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


async def wait_closed() -> None:
    """Return when every client that was to be closed is; for commands and tests, which end their loop."""
    await asyncio.gather(*_closing)
