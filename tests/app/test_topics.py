"""Topics on a real broker: made as designed, checked where we may not make them, refused where they are wrong."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError

from app.broker.ports import free_port
from app.topics import TopicSpec, ensure_topics, topic_specs
from features.errors import TopicsError
from tests.topics import create_topic

if TYPE_CHECKING:
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker


async def ensure(broker: EmbeddedBroker, specs: list[TopicSpec], *, create: bool = True) -> None:
    """Make or check topics on the broker."""
    options = {"bootstrap_servers": broker.bootstrap}
    await ensure_topics(specs, options, create=create, replication_factor=1, min_insync_replicas=1)


async def test_missing_topics_are_made_once_however_many_workers_ask(broker: EmbeddedBroker) -> None:
    """Two workers that start at the same moment both find everything."""
    specs = topic_specs(3, "made.", "made.prahari")
    await asyncio.gather(ensure(broker, specs), ensure(broker, specs))

    await ensure(broker, specs, create=False)


async def test_where_we_may_not_make_topics_the_message_says_what_is_missing(broker: EmbeddedBroker) -> None:
    """The operator can make them from the message."""
    with pytest.raises(TopicsError, match=r"absent.transactions: missing, needs 3 partitions, retention.ms=-1"):
        await ensure(broker, topic_specs(3, "absent.", "absent.prahari"), create=False)


async def test_another_partition_count_is_refused(broker: EmbeddedBroker) -> None:
    """Accounts live where their partition is; a count is never changed under state."""
    await create_topic(broker.bootstrap, "wide.transactions", 5)

    with pytest.raises(TopicsError, match=r"wide.transactions: 5 partitions, needs 3"):
        await ensure(broker, topic_specs(3, "wide.", "wide.prahari"))


async def test_a_changelog_that_forgets_by_time_is_refused(broker: EmbeddedBroker) -> None:
    """Retention would take accounts that nobody touched lately."""
    await ensure(broker, [TopicSpec("timed.changelog", 1, {"cleanup.policy": "delete"})])

    with pytest.raises(TopicsError, match=r"timed.changelog: cleanup.policy=delete, needs compact"):
        await ensure(broker, [TopicSpec("timed.changelog", 1, compacted=True)])


async def test_a_payment_from_a_clock_that_is_hours_ahead_is_refused_by_kafka(broker: EmbeddedBroker) -> None:
    """Its event time would be taken by its own timestamp, and would age every account of the partition."""
    await ensure(broker, topic_specs(3, "ahead.", "ahead.prahari"))
    hours_ahead_ms = int(time.time() * 1000) + 2 * 60 * 60 * 1000

    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        with pytest.raises(InvalidTimestampError):
            await producer.send_and_wait("ahead.transactions", b"{}", timestamp_ms=hours_ahead_ms)


async def test_a_topic_of_yours_that_takes_any_future_is_warned_of(
    broker: EmbeddedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not refused: brokers before Kafka 3.6 know no such bound."""
    specs = topic_specs(1, "yours.", "yours.prahari")
    loose = {"message.timestamp.after.max.ms": str(2**63 - 1)}
    await ensure(broker, [replace(spec, config={**spec.config, **loose}) for spec in specs if "labels" in spec.name])
    await ensure(broker, specs)

    assert "yours.labels takes records whose timestamps lie more than a day ahead" in caplog.text
    assert "yours.transactions takes" not in caplog.text


def test_a_worker_refuses_to_start_where_topics_are_missing(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """One message and an exit code; no half-started worker."""
    settings = {"PRAHARI_CREATE_TOPICS": "0", "PRAHARI_TOPIC_PREFIX": "none.", "WEB_PORT": str(free_port())}
    place = {"BROKER_URL": f"kafka://{broker.bootstrap}", "APP_DATADIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "faust", "-A", "app.main", "worker", "-l", "info"],
        env={**os.environ, **place, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 70
    assert "none.transactions: missing" in done.stderr + done.stdout
