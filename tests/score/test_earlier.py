"""Decisions found again in a real log: near its end, far back, beyond the bound, and where there is none."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.score import earlier as earlier_module
from app.score.earlier import Earlier

if TYPE_CHECKING:
    import pytest

    from app.broker.embedded import EmbeddedBroker

RECORDS = 5_000


async def fill(bootstrap: str, prefix: str) -> None:
    """Make both topics, of two partitions, and write decisions of 50 payers into the first."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(prefix + name, 2, 1) for name in ("decisions", "alerts")])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    for number in range(RECORDS):
        value = json.dumps({"transaction_id": f"t{number}", "event_time": number}).encode()
        await producer.send(f"{prefix}decisions", value, key=f"p{number % 50}@x".encode(), partition=0)
    await producer.stop()


async def test_a_decision_is_found_wherever_it_stands_within_the_bound(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first search, too, when the reader has just connected; another payer's id is not taken for it."""
    prefix = f"{uuid.uuid4().hex}."
    await fill(broker.bootstrap, prefix)
    earlier = Earlier(prefix, 2, {"bootstrap_servers": broker.bootstrap})
    try:
        for number in (0, RECORDS - 1, 2_500, 1, RECORDS - 2):
            found = await earlier.decision(0, f"p{number % 50}@x".encode(), f"t{number}")
            assert found is not None, number
            assert found["event_time"] == number
        assert await earlier.decision(0, b"p1@x", "t0") is None
        assert await earlier.decision(1, b"p0@x", "t0") is None
        assert await earlier.alert(0, b"p0@x", "t0") is None
        assert len(await earlier.of_payer(0, b"p7@x", 1_000)) == 20

        monkeypatch.setattr(earlier_module, "DECISIONS_MAX", 100)

        assert await earlier.decision(0, b"p0@x", "t0") is None
    finally:
        await earlier.stop()
