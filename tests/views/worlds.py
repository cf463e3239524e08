"""A worker that holds what a test gives it, served over real HTTP; several of them are each other's peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from app.metrics.names import Metrics
from app.score.admissions import Admissions
from app.settings import Settings
from app.views.alerts import CASES, TAIL
from app.views.cases import Cases
from app.views.live import LIVE, Live
from app.views.locate import connect_peers
from app.views.readiness import Readiness
from app.views.recent import AlertTail
from app.views.routes import create_application
from app.views.scoring import DEPLOYMENT
from features import payee, payer
from features.transaction import Transaction
from models.scoring import Scorer
from rules import RuleSet, load_rules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse, web

NOW_MS = 1_780_000_000_000
PARTITIONS = 4


class HeldTable:
    """Peeks into a dict."""

    def __init__(self, states: dict[bytes, Any]) -> None:
        self._states = states

    def peek(self, key: bytes) -> Any:
        return self._states.get(key)


@dataclass
class HeldWorker:
    """Stands in for `app.views.worker.Worker`."""

    api_token: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    partitions: int = PARTITIONS
    stopping: bool = False
    held: dict[str, dict[int, Any]] = field(default_factory=dict)
    peer_urls: list[str] = field(default_factory=list)
    found: Readiness = field(default_factory=Readiness)
    behind: frozenset[int] = frozenset()
    url: str = ""
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def settings(self) -> Settings:
        return Settings(api_token=self.api_token, **self.options)

    clock_ms: int = NOW_MS
    admissions: Admissions = field(default_factory=Admissions)
    client_options: dict[str, Any] = field(default_factory=dict)
    in_force: Any = None

    def now_ms(self) -> int:
        return self.clock_ms

    owners: dict[tuple[str, int], str] = field(default_factory=dict)

    def owner(self, topic: str, partition: int) -> str | None:
        return self.owners.get((topic, partition))

    def rules(self) -> RuleSet:
        return load_rules(Settings().rules)

    def scorer(self) -> Scorer:
        return Scorer(self.rules(), None)

    def model(self) -> Any:
        return self.in_force

    drifted: dict[str, float] = field(default_factory=dict)

    def drift(self) -> dict[str, float]:
        return self.drifted

    def open_partitions(self, topic: str) -> dict[int, Any]:
        return self.held.get(topic, {})

    def open_partition(self, topic: str, partition: int) -> Any:
        return self.held.get(topic, {}).get(partition)

    async def caught_up(self, topic: str, tasks: dict[int, Any]) -> frozenset[int]:  # noqa: ARG002
        return frozenset(tasks) - self.behind

    def peers(self) -> list[str]:
        return self.peer_urls

    def readiness(self) -> Readiness:
        return self.found

    def hold(self, topic: str, partition: int, **states: Any) -> HeldWorker:
        """Open a partition with these states by VPA (`ravi_okaxis` is ravi@okaxis)."""
        table = HeldTable({name.replace("_", "@").encode(): state for name, state in states.items()})
        self.held.setdefault(topic, {})[partition] = SimpleNamespace(table=table, logic=None)
        return self

    async def get(self, path: str, **options: Any) -> tuple[ClientResponse, Any]:
        """Return the response and its JSON."""
        return await self.request("GET", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> tuple[ClientResponse, Any]:
        """As `get`, with any method."""
        async with ClientSession() as session, session.request(method, self.url + path, **options) as response:
            is_json = response.content_type.endswith("json")
            return response, await (response.json(content_type=None) if is_json else response.text())


class Log:
    """Keeps what is put into topics; stands in for `app.score.deployment.Deployment`."""

    def __init__(self) -> None:
        self.records: list[tuple[str, int, bytes | None, Any]] = []

    async def put(self, topic: str, partition: int, key: bytes | None, value: bytes) -> int:
        self.records.append((topic, partition, key, orjson.loads(value)))
        return len(self.records) - 1


async def silent_tail(app: web.Application) -> AsyncIterator[None]:
    """Give the views a tail that reads no broker."""
    app[TAIL] = AlertTail("alerts", PARTITIONS, {})
    app[CASES] = Cases()
    app[DEPLOYMENT] = Log()  # type: ignore[misc] # what the views use of it
    app[LIVE] = Live(app)
    yield


class World:
    """Serves workers until the test ends."""

    def __init__(self) -> None:
        self.servers: list[TestServer] = []

    async def serve(self, *workers: HeldWorker) -> None:
        """Serve each worker and make them peers of each other; what is compiled is, before a peer waits for it."""
        for side in (payer, payee):
            side.summary(side.empty(), NOW_MS)
        for worker in workers:
            server = TestServer(create_application(worker, (connect_peers, silent_tail)))  # type: ignore[arg-type]
            await server.start_server(access_log=None)
            self.servers.append(server)
            worker.url = str(server.make_url("/")).rstrip("/")
        for worker in workers:
            worker.peer_urls += [other.url for other in workers if other is not worker]

    async def stop(self, which: int = -1) -> None:
        """Stop one server."""
        await self.servers[which].close()

    async def close(self) -> None:
        """Stop all servers."""
        for server in self.servers:
            await server.close()


def paid(*times_ms: int, amount_paise: int = 500_00) -> bytes:
    """Return the state of a payer with payments at these times."""
    state = payer.empty()
    for number, time_ms in enumerate(times_ms):
        state = payer.fold(state, Transaction(f"t{number}", time_ms, amount_paise, "ravi@okaxis", f"p{number}@ybl"))
    return state


def received(*times_ms: int) -> bytes:
    """Return the state of a payee with payments at these times."""
    state = payee.empty()
    for number, time_ms in enumerate(times_ms):
        state = payee.fold(state, Transaction(f"t{number}", time_ms, 100_00, f"p{number}@ybl", "shop@ybl"))
    return state
