"""Restoring a changelog partition, on a real broker: everything committed, nothing else, wherever it stopped before."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from features.errors import AppliedBeyondEnd, OwnershipLost, StoreError
from tables.changelog import ChangelogWriter
from tables.clients import wait_closed
from tables.restore import restore
from tables.store import APPLIED_KEY, PartitionStore
from tests.topics import create_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker


@pytest.fixture
async def topic(broker: EmbeddedBroker, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Give a changelog topic of one partition."""
    name = f"restore-{request.node.name[5:30].replace('_', '-')}"
    await create_topic(broker.bootstrap, name, 1)
    yield name
    await wait_closed()


def writer_of(broker: EmbeddedBroker, topic: str) -> ChangelogWriter:
    """Return a writer that takes the topic over when it starts."""
    return ChangelogWriter(topic, 0, f"{topic}-0", {"bootstrap_servers": broker.bootstrap}, request_s=20)


async def restored(broker: EmbeddedBroker, topic: str, store: PartitionStore) -> dict[bytes, bytes]:
    """Restore and return what the store then holds."""
    await restore(topic, 0, store, {"bootstrap_servers": broker.bootstrap})
    return dict(store.items())


async def test_restores_the_newest_of_every_key_and_leaves_the_deleted_out(
    broker: EmbeddedBroker, topic: str, tmp_path: Path
) -> None:
    """Many transactions over few keys, some with tombstones, some of several batches, come to a plain dictionary."""
    dice, wanted = random.Random(5), dict[bytes, bytes | None]()
    writer = writer_of(broker, topic)
    await writer.start()
    for number in range(60):
        keys = [f"key-{dice.randrange(300)}".encode() for _ in range(dice.choice((1, 50, 400)))]
        size = dice.choice((1, 200, 8_000))
        changes = {key: None if dice.random() < 0.2 else dice.randbytes(size) for key in keys}
        await writer.write({**changes, APPLIED_KEY: b"%d" % number})
        wanted.update(changes)
    await writer.stop()

    store = PartitionStore(tmp_path / "counts-0")
    assert {key: value for key, value in wanted.items() if value is not None} == await restored(broker, topic, store)
    assert store.applied == b"59"
    store.close()


async def test_leaves_out_what_was_never_committed(broker: EmbeddedBroker, topic: str, tmp_path: Path) -> None:
    """Aborted transactions, also ones between committed ones, restore to nothing."""
    writer = writer_of(broker, topic)
    await writer.start()
    await writer.write({b"a": b"kept", APPLIED_KEY: b"1"})
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id="another")
    await producer.start()
    for key in (b"a", b"b"):
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"never", key=key, partition=0)
        await producer.abort_transaction()
    await writer.write({b"c": b"kept too", APPLIED_KEY: b"2"})
    await producer.stop()
    await writer.stop()

    store = PartitionStore(tmp_path / "counts-0")
    assert await restored(broker, topic, store) == {b"a": b"kept", b"c": b"kept too"}
    store.close()


async def test_goes_on_where_the_directory_stopped(broker: EmbeddedBroker, topic: str, tmp_path: Path) -> None:
    """A directory that holds a part reads only the rest, and holds it after it was closed and opened."""
    writer, store = writer_of(broker, topic), PartitionStore(tmp_path / "counts-0")
    await writer.start()
    await writer.write({b"a": b"1", b"b": b"1"})
    await restored(broker, topic, store)
    store.close()
    await writer.write({b"b": b"2"})

    store = PartitionStore(tmp_path / "counts-0")
    result = await restore(topic, 0, store, {"bootstrap_servers": broker.bootstrap})
    assert result.records == 1
    store.close()
    store = PartitionStore(tmp_path / "counts-0")
    assert dict(store.items()) == {b"a": b"1", b"b": b"2"}
    store.close()
    await writer.stop()


async def test_refuses_a_log_that_is_shorter_than_the_directory(
    broker: EmbeddedBroker, topic: str, tmp_path: Path
) -> None:
    """A changelog that was made anew under a directory is an error that says so."""
    store = PartitionStore(tmp_path / "counts-0")
    store.write({b"a": b"1"}, 1_000)

    with pytest.raises(AppliedBeyondEnd, match="truncated or made anew"):
        await restored(broker, topic, store)
    store.close()


async def test_taking_over_shuts_the_old_owner_out(broker: EmbeddedBroker, topic: str, tmp_path: Path) -> None:
    """What the old owner tries to write after the takeover is refused, and never restored."""
    old, new = writer_of(broker, topic), writer_of(broker, topic)
    await old.start()
    await old.write({b"a": b"old"})
    await new.start()
    with pytest.raises(OwnershipLost):
        await old.write({b"a": b"zombie"})
    await new.write({b"b": b"new"})

    store = PartitionStore(tmp_path / "counts-0")
    assert await restored(broker, topic, store) == {b"a": b"old", b"b": b"new"}
    store.close()
    await asyncio.gather(old.stop(), new.stop())


async def test_a_transaction_that_never_ends_is_an_error(broker: EmbeddedBroker, topic: str) -> None:
    """As after aiokafka lost its wait for metadata while Kafka was away: its sender takes the node for busy."""
    writer = ChangelogWriter(topic, 0, f"{topic}-0", {"bootstrap_servers": broker.bootstrap}, request_s=1)
    await writer.start()
    sender = writer._producer._sender
    sender._in_flight.update(one.nodeId for one in writer._producer.client.cluster.brokers())
    try:
        with pytest.raises(StoreError, match=r"got no end of it in 1\.5 s"):
            await asyncio.wait_for(writer.write({b"a": b"1"}), timeout=30)
    finally:
        sender._in_flight.clear()
        sender._message_accumulator._wakeup(sender._message_accumulator.waiter())
        await writer.stop()
