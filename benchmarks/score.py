"""Score: clients ask `POST /score` at a fixed rate whatever the worker does; how long until each has its verdict.

Open loop: a request leaves when it is due, on a connection kept alive where one is free, and its latency runs from when
it was due to the last byte of its answer: a worker that stalls is charged for every request that came due meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import numpy as np

from benchmarks.deployment import Deployment
from benchmarks.drain import committed
from benchmarks.load import Plan, World
from benchmarks.processes import cpu_s
from benchmarks.spells import Watching, apart
from benchmarks.steady import SHARES, percentiles, warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.processes import Worker

SETTLE_S = 5.0
_LEAD_MS = 3_000
HTTP_OK = 200
#: The status of a request that got no answer at all.
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """Latencies in ms at one rate, of the requests answered 200; `failed` counts all others."""

    rate: float
    seconds: float
    answered: int
    failed: int
    answer_ms: dict[str, float]
    apart_ms: dict[str, float]
    slow_share: float
    curve: list[tuple[float, float]]
    sent_late_ms: float
    worker_cpu_us: float


def score(rates: Sequence[float], seconds: float, model: Path, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure each rate in turn on one worker whose tables and code a drained backlog has warmed."""
    with Deployment("score", model) as deployment:
        return [asdict(one) for one in asyncio.run(_score(deployment, rates, seconds, say))]


async def _score(
    deployment: Deployment, rates: Sequence[float], seconds: float, say: Callable[[str], None]
) -> list[Scored]:
    (worker,) = await warm_up(deployment, 1, say)
    found = []
    for number, rate in enumerate(rates):
        await committed(deployment)
        say(f"{rate:,.0f} requests a second for {seconds:g} s")
        found.append(await _at_rate(worker, rate, seconds, seed=200 + number))
    return found


async def _at_rate(worker: Worker, rate: float, seconds: float, seed: int) -> Scored:
    count = int(rate * (seconds + SETTLE_S))
    world = await asyncio.to_thread(World, Plan(1, 0, seed=seed))
    world.plan = Plan(count, int(time.time() * 1000) + _LEAD_MS, rate, seed=seed)
    chunks = await asyncio.to_thread(lambda: list(world.payments()))
    due = [stamp / 1000 for chunk in chunks for stamp in chunk.stamps_ms]
    before_s = cpu_s(worker.pid)
    bodies = [value for chunk in chunks for value in chunk.values]
    with Watching() as machine:
        answers = await ask(f"http://127.0.0.1:{worker.port}/score", bodies, due)
    cpu_us = (cpu_s(worker.pid) - before_s) / count * 1e6
    settled = int(rate * SETTLE_S)
    counted = answers[settled:]
    kept = apart(np.array(due[settled:]) * 1000, machine.spells)
    latencies_ms = [answer.latency_ms for answer in counted if answer.status == HTTP_OK]
    apart_ms = [one.latency_ms for one, keep in zip(counted, kept, strict=True) if keep and one.status == HTTP_OK]
    return Scored(
        rate,
        seconds,
        len(latencies_ms),
        len(counted) - len(latencies_ms),
        percentiles(latencies_ms),
        percentiles(apart_ms),
        machine.slow_share,
        [(share, float(np.quantile(latencies_ms, share))) for share in SHARES] if latencies_ms else [],
        float(np.quantile([answer.late_ms for answer in counted], 0.99)),
        cpu_us,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: its status, its latency since it was due, and how late it left."""

    status: int
    latency_ms: float
    late_ms: float


async def ask(url: str, bodies: Sequence[bytes], due: Sequence[float]) -> list[Answer]:
    """Post each body when it is due (epoch seconds, rising), whatever became of those before."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": "application/json"}) as session:
        tasks = []
        for body, at in zip(bodies, due, strict=True):
            if (wait_s := at - time.time()) > 0:
                await asyncio.sleep(wait_s)
            tasks.append(asyncio.create_task(_ask(session, url, body, at)))
        return list(await asyncio.gather(*tasks))


async def _ask(session: aiohttp.ClientSession, url: str, body: bytes, due: float) -> Answer:
    late_ms = (time.time() - due) * 1000
    try:
        async with session.post(url, data=body) as response:
            await response.read()
            status = response.status
    except (aiohttp.ClientError, TimeoutError):
        status = NO_ANSWER
    return Answer(status, (time.time() - due) * 1000, late_ms)
