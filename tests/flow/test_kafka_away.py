"""A worker whose Kafka is not there yet, or goes away for a while."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from app.broker.embedded import EmbeddedBroker
from app.broker.ports import free_port
from tests.flow.deployment import Deployment
from tests.processes import wait_until
from tests.topics import read_topic, write_topic

if TYPE_CHECKING:
    from pathlib import Path


def payment(name: str) -> tuple[bytes, bytes]:
    """Return a payment of now as key and value."""
    fields = {"transaction_id": name, "event_time": int(time.time() * 1000), "amount": 5}
    value = json.dumps({**fields, "payer_vpa": "ravi@x", "payee_vpa": "shop@y"})
    return b"ravi@x", value.encode()


@pytest.mark.broker
@pytest.mark.timeout(240)
async def test_a_worker_waits_for_kafka_and_goes_on_after_it_was_away(tmp_path: Path) -> None:
    """It says at growing intervals that nobody answers, takes payments once somebody does, and outlives a restart."""
    broker = EmbeddedBroker(free_port(), tmp_path / "kafka")
    deployment = Deployment(broker.bootstrap, tmp_path, "away.")
    worker = deployment.worker("one").start()
    try:
        wait_until(lambda: worker.log().count("Kafka does not answer at") >= 3, "three tries")
        assert worker.alive
        broker.start()
        worker.wait_ready()
        await write_topic(broker.bootstrap, "away.transactions", [payment("before")])
        await deployment.wait_drained()

        broker.stop()
        broker.start()
        await write_topic(broker.bootstrap, "away.transactions", [payment("after")])
        await deployment.wait_drained()

        assert worker.alive, worker.log()[-3000:]
        records = await read_topic(broker.bootstrap, "away.decisions")
        assert [json.loads(record.value)["transaction_id"] for record in records] == ["before", "after"]
    finally:
        deployment.kill_all()
        broker.stop()
