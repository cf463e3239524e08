"""The views of real workers over a real broker: accounts on both, asked of both, whatever partitioner brought them."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from tests.processes import WorkerProcess, wait_until
from tests.views.deployments import PAYEES, PAYERS, Deployment, by_crc32, by_murmur2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker
    from tests.views.deployments import Partitioner


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
        assert (await deployment.get(one, path, token="wrong"))[0] == 401, path
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
