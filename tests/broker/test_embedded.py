"""The embedded broker as clients and operators meet it."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.broker import ports, storage
from app.broker.embedded import EmbeddedBroker
from features.errors import BrokerError, PortTaken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.broker


@asynccontextmanager
async def producing(broker: EmbeddedBroker, **settings: object) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, **settings)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def create_topic(broker: EmbeddedBroker, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()


async def values_of(broker: EmbeddedBroker, topic: str) -> list[bytes]:
    """Return all committed values of the topic's one partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", isolation_level="read_committed"
    )
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        values = []
        while await consumer.position(partition) < end:
            fetched = await consumer.getmany(partition, timeout_ms=1_000)
            values += [record.value for records in fetched.values() for record in records]
        return values
    finally:
        await consumer.stop()


async def test_records_survive_a_kill_and_a_restart(tmp_path: Path) -> None:
    """What was acked before kill -9 is read back by the next start on the same data, on the same port."""
    broker = EmbeddedBroker(0, tmp_path)
    broker.start()
    try:
        await create_topic(broker, "kept")
        async with producing(broker, acks="all") as producer:
            for number in range(100):
                await producer.send_and_wait("kept", b"%d" % number)
        broker.kill()
        broker.start()

        assert [b"%d" % number for number in range(100)] == await values_of(broker, "kept")
    finally:
        broker.stop()


def test_a_start_cut_short_while_formatting_is_made_good(tmp_path: Path) -> None:
    """Half a formatting left by a killed start does not hinder the next one."""
    (tmp_path / "log.new").mkdir()
    (tmp_path / "log.new" / "meta.properties").write_text("version=")

    with EmbeddedBroker(0, tmp_path) as broker:
        assert broker.running
    assert not (tmp_path / "log.new").exists()


def test_a_frozen_broker_still_stops(tmp_path: Path) -> None:
    """SIGSTOP does not keep the broker from being stopped in order, long before the stop timeout."""
    broker = EmbeddedBroker(0, tmp_path)
    broker.start()
    pid = broker.pid
    os.kill(pid, signal.SIGSTOP)

    began = time.monotonic()
    broker.stop()

    assert time.monotonic() - began < 15.0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_two_brokers_cannot_share_a_data_directory(broker: EmbeddedBroker) -> None:
    """The second broker is refused while the first one runs."""
    with pytest.raises(BrokerError, match="in use by another broker"):
        EmbeddedBroker(0, broker.data).start()


def test_a_taken_port_is_refused_by_name(tmp_path: Path) -> None:
    """The message names the port; nothing is left running and the data directory stays free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        broker = EmbeddedBroker(port, tmp_path)
        with pytest.raises(BrokerError, match=f"port {port} is taken"):
            broker.start()

    assert not broker.running
    os.close(storage.claim(tmp_path))


def test_another_kafka_on_its_port_is_not_taken_for_its_own(
    broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another Kafka took the port after the look at it, a fixed port is refused."""
    monkeypatch.setattr(ports, "require_free", lambda _port: None)
    late = EmbeddedBroker(broker.port, tmp_path)

    with pytest.raises(PortTaken, match="Address already in use"):
        late.start()

    assert not late.running
    assert broker.running


def test_a_port_of_its_own_choice_that_was_taken_meanwhile_is_changed(
    broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts on another one, and what answers there is the cluster of its own directory."""
    monkeypatch.setattr(ports, "require_free", lambda _port: None)
    late = EmbeddedBroker(0, tmp_path)
    late.port = broker.port
    with late:
        assert late.port != broker.port
        assert ports.cluster_id(late.port) == storage.cluster_id(tmp_path)


def test_kafka_logs_into_the_data_directory(broker: EmbeddedBroker) -> None:
    """Kafka's own warnings are in broker.log; Java prints nothing."""
    assert "controller activation" in (broker.data / "broker.log").read_text()
    assert (broker.data / "console.log").read_text() == ""


def test_corrupted_logs_are_told_in_one_line(tmp_path: Path) -> None:
    """Kafka's own refusal reaches the operator as one line with its cause."""
    with EmbeddedBroker(0, tmp_path):
        pass
    for metadata in (tmp_path / "log" / "__cluster_metadata-0").iterdir():
        metadata.write_bytes(b"not a log")

    with pytest.raises(BrokerError, match=r"^Kafka stopped while starting: .*Exception.*broker\.log\)$") as refused:
        EmbeddedBroker(0, tmp_path).start()
    assert "\n" not in str(refused.value)


async def test_topics_are_not_made_by_mistyping_a_name(broker: EmbeddedBroker) -> None:
    """Sending to a topic that nobody created fails."""
    async with producing(broker, request_timeout_ms=2_000) as producer:
        with pytest.raises(Exception, match=r"UnknownTopic|Timeout|not available"):
            await producer.send_and_wait("mistyped", b"x")


@pytest.mark.parametrize("compression", [None, "gzip", "lz4", "zstd", "snappy"])
async def test_a_record_of_ten_megabytes_passes(broker: EmbeddedBroker, compression: str | None) -> None:
    """The broker takes and returns 10 MB in one record, in every compression that clients use."""
    topic = f"large-{compression}"
    await create_topic(broker, topic)
    value = os.urandom(10_000_000)
    async with producing(broker, max_request_size=12_000_000, compression_type=compression) as producer:
        await producer.send_and_wait(topic, value)

    assert [value] == await values_of(broker, topic)


async def test_transactions_commit_and_fence(broker: EmbeddedBroker) -> None:
    """A committed transaction is visible; a second producer of the same transactional id shuts the first one out."""
    await create_topic(broker, "transacted")
    async with producing(broker, transactional_id="changelog-0") as first:
        async with first.transaction():
            await first.send_and_wait("transacted", b"old owner")
        async with producing(broker, transactional_id="changelog-0") as second:
            async with second.transaction():
                await second.send_and_wait("transacted", b"new owner")
            with pytest.raises(Exception, match=r"[Ff]enced|epoch"):
                async with first.transaction():
                    await first.send_and_wait("transacted", b"zombie")

    assert await values_of(broker, "transacted") == [b"old owner", b"new owner"]
