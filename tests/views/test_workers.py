"""The views of real workers over a real broker: accounts on both, asked of both, whatever partitioner brought them."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientConnectionError, ClientSession
from aiokafka import AIOKafkaProducer

from app.partitioning import murmur2_partition
from tests.processes import WorkerProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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

    def __init__(self, broker: EmbeddedBroker, path: Path, prefix: str, names: Sequence[str] = ("one", "two")) -> None:
        self.bootstrap = broker.bootstrap
        self.prefix = prefix
        settings = {
            "PRAHARI_TOPIC_PREFIX": prefix,
            "TOPIC_PARTITIONS": str(PARTITIONS),
            "PRAHARI_API_TOKEN": TOKEN,
            "WEB_TABLES_ENABLED": "1",
            "WEB_STATS_ENABLED": "1",
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


@pytest.fixture(scope="module")
def deployment(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers that the tests only ask."""
    with Deployment(broker, tmp_path_factory.mktemp("views"), "views.") as made:
        yield made


@pytest.mark.parametrize("partitioner", [by_murmur2, by_crc32])
async def test_each_of_two_workers_answers_for_every_account(deployment: Deployment, partitioner: Partitioner) -> None:
    """Payers and payees of all partitions, the budget and the alerts, from whichever worker is asked."""
    shares = await deployment.all_ready()
    payers, rounds = [f"{partitioner.__name__}-{number}@okaxis" for number in range(PAYERS)], 20
    await deployment.until_seen(await deployment.pay(payers, partitioner, rounds))

    homes = set()
    for vpa in payers:
        answers = [await deployment.get(worker, f"/payers/{vpa}") for worker in deployment.workers]
        for status, body in answers:
            assert (status, body["windows"]["24h"]["payments"]) == (200, rounds)
            assert body["partition"] == partitioner(vpa.encode())
        homes.add(partitioner(vpa.encode()))
    assert [bool(homes & set(share["transactions"])) for share in shares] == [True, True]
    counts = [
        [(await deployment.get(worker, f"/payees/{vpa}"))[1]["windows"]["24h"]["payments"] for vpa in PAYEES]
        for worker in deployment.workers
    ]
    (_, budget), (_, other) = [await deployment.get(worker, "/budget/today") for worker in deployment.workers]
    assert counts[0] == counts[1] == [budget["seen"] // len(PAYEES)] * len(PAYEES)
    assert budget == other
    for worker in deployment.workers:
        shown = await deployment.until(worker, "/alerts", lambda _, body: len(body["alerts"]) == budget["alerted"])
        assert len({alert["alert_id"] for alert in shown["alerts"]}) == budget["alerted"] > 0
        assert not [vpa for vpa in (*payers, *PAYEES) if vpa in worker.log()]


async def test_what_nobody_knows_is_404_on_each_worker(deployment: Deployment) -> None:
    """Unknown accounts, days without payments, and what can be no VPA."""
    await deployment.all_ready()

    for worker in deployment.workers:
        for path, expected in (
            ("/payers/nobody@x", 404),
            ("/payees/nobody@x", 404),
            ("/budget/2020-01-01", 404),
            ("/payers/nobody", 400),
        ):
            assert (await deployment.get(worker, path))[0] == expected, path


async def test_faust_shows_nothing_and_probes_are_open(deployment: Deployment) -> None:
    """Not even where its settings are switched on in the environment; without the token only probes answer."""
    await deployment.all_ready()
    one = deployment.workers[0]
    for path in ("/table/", "/table/payers/", "/router/", "/stats/", "/graph/", "/performance/", "/production_index"):
        assert (await deployment.get(one, path))[0] == 404, path
        assert (await deployment.get(one, path, token="wrong"))[0] == 401, path  # noqa: S106
    assert tuple([(await deployment.get(one, path, token=""))[0] for path in ("/health", "/ready")]) == (200, 200)
    body = (await deployment.get(one, "/ready"))[1]
    assert body["rules_version"]
    assert body["lag"]["transactions"] == 0


def test_a_worker_without_a_token_does_not_bind_beyond_loopback(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """It ends before it listens, and says which setting it wants."""
    settings = {"PRAHARI_TOPIC_PREFIX": "views-bind.", "WEB_BIND": "0.0.0.0"}  # noqa: S104
    worker = WorkerProcess("app.main", tmp_path / "open", broker.bootstrap, settings).start()
    try:
        wait_until(lambda: not worker.alive, "the worker refuses")

        assert worker.exit_code != 0
        assert "PRAHARI_API_TOKEN" in worker.log()
        assert "Traceback" not in worker.log()
    finally:
        worker.kill()


async def test_what_a_dead_worker_held_is_not_404(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """Until its partitions are taken over the answer is 503; then every account is there again."""
    with Deployment(broker, tmp_path, "views-dead.") as deployment:
        shares = await deployment.all_ready()
        payers = [f"payer{number}@okaxis" for number in range(PAYERS)]
        await deployment.until_seen(await deployment.pay(payers, by_crc32, 2))
        one, two = deployment.workers
        lost = [vpa for vpa in payers if by_crc32(vpa.encode()) in shares[1]["transactions"]]
        two.kill()

        status, problem = await deployment.get(one, f"/payers/{lost[0]}")

        assert (status, problem["missing_partitions"]) == (503, shares[1]["transactions"])
        for vpa in lost:
            body = await deployment.until(one, f"/payers/{vpa}", lambda status, _: status != 503)
            assert body["windows"]["1h"]["payments"] == 2


async def test_a_worker_asked_to_stop_ends_soon_although_a_client_stays_connected(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """An open connection of a dashboard does not delay the hand-over."""
    with Deployment(broker, tmp_path, "views-stop.", ["one"]) as deployment:
        await deployment.all_ready()
        one = deployment.workers[0]
        async with ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{one.web_port}/health") as answer:
                assert answer.status == 200
            one.send_signal(signal.SIGTERM)
            await asyncio.to_thread(wait_until, lambda: not one.alive, "the worker ends", 10.0)
