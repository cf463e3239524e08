"""Real workers to ask, and payments for them from a producer with the partitioner of a test's choice."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionError, ClientSession
from aiokafka import AIOKafkaProducer

from features.murmur import murmur2_partition
from tests.processes import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Protocol, Self

    from app.broker.embedded import EmbeddedBroker

    class Partitioner(Protocol):  # noqa: D101 - a shape for the type checker
        __name__: str

        def __call__(self, key: bytes, /) -> int: ...


PARTITIONS = 4
TOKEN = "of-the-test"  # noqa: S105 - a test's own
PAYERS = 24
PAYEES = [f"payee{number}@ybl" for number in range(12)]


def by_murmur2(key: bytes) -> int:
    """Choose as Kafka's Java client does."""
    return murmur2_partition(key, PARTITIONS)


def by_crc32(key: bytes) -> int:
    """Choose as librdkafka does."""
    return zlib.crc32(key) % PARTITIONS


class Deployment:
    """Workers with topics of their own."""

    def __init__(
        self, broker: EmbeddedBroker, path: Path, prefix: str, names: Sequence[str] = ("one", "two"), **more: str
    ) -> None:
        self.bootstrap = broker.bootstrap
        self.prefix = prefix
        settings = {
            "PRAHARI_TOPIC_PREFIX": prefix,
            "TOPIC_PARTITIONS": str(PARTITIONS),
            "PRAHARI_API_TOKEN": TOKEN,
            "WEB_TABLES_ENABLED": "1",
            "WEB_STATS_ENABLED": "1",
            **more,
        }
        self.workers = [WorkerProcess("app.main", path / name, self.bootstrap, settings) for name in names]

    def __enter__(self) -> Self:
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()

    async def get(self, worker: WorkerProcess, path: str, token: str = TOKEN) -> tuple[int, Any]:
        """Return status and JSON of a view; 0 where nobody listens."""
        url = f"http://127.0.0.1:{worker.web_port}{path}"
        try:
            async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session, session.get(url) as got:
                return got.status, await got.json(content_type=None)
        except ClientConnectionError:
            return 0, None

    async def post(self, worker: WorkerProcess, path: str, body: Any) -> tuple[int, Any]:
        """Return status and JSON of what a view makes of a body."""
        url = f"http://127.0.0.1:{worker.web_port}{path}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with ClientSession(headers=headers) as session, session.post(url, json=body) as got:
            return got.status, await got.json(content_type=None)

    async def until(self, worker: WorkerProcess, path: str, holds: Callable[[int, Any], bool]) -> Any:
        """Ask until the answer is as wanted; return its body."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            status, body = await self.get(worker, path)
            if holds(status, body):
                return body
            assert worker.alive, worker.log()[-4000:]
            await asyncio.sleep(0.1)
        raise AssertionError(f"{path}: last answer {status} {body}")

    async def all_ready(self) -> list[dict[str, list[int]]]:
        """Return the partitions of each worker once each has its share and is ready."""

        def shares(status: int, body: Any) -> bool:
            share = PARTITIONS // len(self.workers)
            return status == 200 and len(body["partitions"].get("transactions", [])) == share

        return [(await self.until(worker, "/ready", shares))["partitions"] for worker in self.workers]

    async def pay(self, payers: Sequence[str], partitioner: Partitioner, rounds: int) -> int:
        """Send payments of every payer, now, to payees in turn; return how many the budget has seen with them."""
        status, budget = await self.get(self.workers[0], "/budget/today")
        seen = budget["seen"] if status == 200 else 0
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        try:
            for number in range(rounds * len(payers)):
                payer_vpa = payers[number % len(payers)]
                payment = {
                    "transaction_id": f"{payers[0]}-{number}",
                    "event_time": int(time.time() * 1000) - 1000,
                    "amount": 1 + number,
                    "payer_vpa": payer_vpa,
                    "payee_vpa": PAYEES[number % len(PAYEES)],
                }
                key, topic = payer_vpa.encode(), f"{self.prefix}transactions"
                await producer.send(topic, json.dumps(payment).encode(), key=key, partition=partitioner(key))
            await producer.flush()
        finally:
            await producer.stop()
        return int(seen) + rounds * len(payers)

    async def until_seen(self, seen: int) -> None:
        """Return when the budget stage has counted this many payments of today."""
        await self.until(self.workers[0], "/budget/today", lambda status, body: status == 200 and body["seen"] == seen)
