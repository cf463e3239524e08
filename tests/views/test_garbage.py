"""Whatever a client sends, no view fails: bodies, paths and queries of all shapes, mutated at random."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from app.views.routes import ROUTES
from features.vector import PAYER_FEATURE_COUNT
from tests.views.worlds import NOW_MS, PARTITIONS, HeldWorker, paid, received

if TYPE_CHECKING:
    from tests.views.worlds import World

PAYER, PAYEE = "ravi@okaxis", "shop@ybl"
PAYMENT = {"transaction_id": "t", "amount": 1, "payer_vpa": PAYER, "payee_vpa": PAYEE}
TRANSACTION = ["t", NOW_MS, 100, PAYER, PAYEE]
#: Views that take a body, with a good one; what needs a broker is left out, or is refused before it.
BODIES: dict[str, Any] = {
    "/score?dry_run=true": {**PAYMENT, "event_time": NOW_MS},
    "/score/batch?dry_run=true": [PAYMENT, PAYMENT],
    "/rehearsals/payer": {"transaction": TRANSACTION},
    "/rehearsals/payee": {"transaction": TRANSACTION, "row": [None] * PAYER_FEATURE_COUNT},
    "/labels": {**PAYMENT, "event_time": NOW_MS, "is_fraud": True},
    "/alerts/t/status": {"status": "confirmed", "note": "why"},
    "/control": {"kind": "none of ours", "note": "why"},
    "/login": {"token": "s3cret"},
}
ODD: tuple[Any, ...] = (
    0,
    -1,
    2**31,
    2**43,
    2**63 - 1,
    -(2**63),
    10**30,
    0.1,
    -1e308,
    None,
    True,
    "",
    "x" * 300,
    "\0",
    [],
    {},
    [[]],
)
TEXTS = ("x", "a@b", "%00", "..%2f..", "%ff", "%F0%9F%98%80@x", "a" * 3_000, PAYER, "RAVI%40OKAXIS", "%0d%0a", "-1")
QUERIES = (
    "",
    "?at=0",
    "?at=8796093022208",
    "?at=2026-13-01",
    "?at=%00",
    "?limit=0",
    "?limit=1e9",
    "?payer=%ff",
    "?at=1&at=2",
)
#: These read logs, or a worker's insides, that the worker of this test does not have.
ELSEWHERE = frozenset({"/live", "/metrics", "/payers/{vpa}/decisions"})


def _mutate(value: Any, dice: random.Random) -> Any:
    """Return a value with something odd in it, at any depth."""
    if isinstance(value, (dict, list)) and value and dice.random() < 0.85:
        changed = copy.copy(value)
        place = dice.choice(list(changed) if isinstance(changed, dict) else range(len(changed)))
        if dice.random() < 0.15:
            del changed[place]
        else:
            changed[place] = _mutate(changed[place], dice)
        return changed
    return dice.choice(ODD)


def _garble(body: bytes, dice: random.Random) -> bytes:
    """Return bytes with some of them changed."""
    data = bytearray(body)
    for _ in range(dice.randint(1, 4)):
        if data:
            data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)


@pytest.fixture
async def worker(world: World) -> HeldWorker:
    """Serve a worker that knows both accounts in every partition."""
    held = HeldWorker(options={"rate_limit": 0})
    for partition in range(PARTITIONS):
        held.hold("transactions", partition, ravi_okaxis=paid(NOW_MS - 1_000, NOW_MS - 500))
        held.hold("transactions-by-payee", partition, shop_ybl=received(NOW_MS - 1_000))
    await world.serve(held)
    return held


@pytest.mark.parametrize("path", BODIES)
async def test_no_body_makes_a_view_fail(worker: HeldWorker, path: str) -> None:
    """What does not fit is 4xx and says so; nothing is 500, and the worker goes on answering."""
    dice = random.Random(path)
    async with ClientSession(headers={"Content-Type": "application/json"}) as session:
        for _ in range(200):
            body = BODIES[path]
            for _ in range(dice.randint(0, 3)):
                body = _mutate(body, dice)
            data = json.dumps(body).encode()
            if dice.random() < 0.2:
                data = _garble(data, dice)
            async with session.post(worker.url + path, data=data) as response:
                assert response.status != 500, data[:300]
                await response.read()


async def test_no_path_or_query_makes_a_view_fail(worker: HeldWorker) -> None:
    """Nothing that an address can hold reaches further than it should."""
    async with ClientSession() as session:
        for route in ROUTES:
            if route.method != "GET" or route.path in ELSEWHERE:
                continue
            for text in TEXTS if "{" in route.path else TEXTS[:1]:
                for query in QUERIES:
                    path = route.path.format(
                        vpa=text, day=text, alert_id=text, partition=text, sequence=text, name=text
                    )
                    async with session.get(URL(worker.url + path + query, encoded=True)) as response:
                        assert response.status != 500, path + query
                        await response.read()


@pytest.mark.parametrize(
    "transaction",
    [
        ["t", 2**62, 100, PAYER, PAYEE],
        ["t", -1, 100, PAYER, PAYEE],
        ["t", NOW_MS, 0, PAYER, PAYEE],
        ["t", NOW_MS, 1, "x", PAYEE],
    ],
)
async def test_a_rehearsal_takes_only_what_a_worker_would_send(worker: HeldWorker, transaction: list[Any]) -> None:
    """Compiled features index by time and amount: what parsing would refuse must not reach them."""
    for whom, row in (("payer", []), ("payee", [None] * PAYER_FEATURE_COUNT)):
        response, problem = await worker.request(
            "POST", f"/rehearsals/{whom}", json={"transaction": transaction, "row": row}
        )

        assert response.status == 422, problem
