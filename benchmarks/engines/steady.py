"""Engines, steady: payments come to each engine in turn at a fixed rate; how long until each is decided.

The load and what is measured are those of `benchmarks.steady`. Producers of all engines send at once here instead of
waiting for more; all else is set as for a drain.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.deployment import Deployment
from benchmarks.drain import start_up
from benchmarks.engines.check import require_same_decisions
from benchmarks.engines.environment import environment
from benchmarks.engines.jvm import ENGINES
from benchmarks.engines.run import NAMES, make_topics, start
from benchmarks.kafka import Logs, preload
from benchmarks.load import Plan, World
from benchmarks.sampling import look, watch
from benchmarks.steady import SETTLE_S, WARM_UP_PAYMENTS, coming, cpu_us, latencies, percentiles, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_RECENT_MS = 20_000
_REST_S = 6.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of one engine at one rate, in ms; `producer_late_ms` as in `benchmarks.steady.Steady`."""

    engine: str
    rate: float
    payments: int
    decision_ms: dict[str, float]
    producer_late_ms: float
    worker_cpu_us: float
    broker_cpu_us: float


class Wish(NamedTuple):
    """Which engines to run, one after the other, at which rates, for how long each."""

    names: Sequence[str]
    rates: Sequence[float]
    seconds: float


def engines_steady(wish: Wish, model: Path, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure one worker of each named engine on a broker of its own, warmed by a drained backlog."""
    python = environment()
    require_same_decisions(python, [name for name in wish.names if name in ENGINES])
    found = []
    for name in wish.names:
        with Deployment(f"steady-{name}", model) as deployment:
            found += asyncio.run(_engine(deployment, python, name, wish, say))
    return [asdict(one) for one in found]


async def _engine(
    deployment: Deployment, python: Path, name: str, wish: Wish, say: Callable[[str], None]
) -> list[Latency]:
    await start_up(deployment, say)
    if name != "prahari":
        await make_topics(deployment.broker.bootstrap, [name])
    plan = Plan(WARM_UP_PAYMENTS, int(time.time() * 1000) - _RECENT_MS, seed=99)
    await preload(deployment.broker.bootstrap, World(plan).payments())
    start(deployment, python, name, 1, 1, linger_ms=0)
    topic = "decisions" if name == "prahari" else f"{name}-decisions"
    async with Logs(deployment.broker.bootstrap) as logs:
        await watch(
            deployment, logs, WARM_UP_PAYMENTS, lambda count: say(f"{NAMES[name]}: {count:,} decided"), topic=topic
        )
        found = []
        for seed, rate in enumerate(wish.rates, 100):
            await asyncio.sleep(_REST_S)  # commits and checkpoints of what was drained
            say(f"{NAMES[name]}: {rate:,.0f} a second for {wish.seconds:g} s")
            found.append(await _at_rate(deployment, logs, name, topic, (rate, wish.seconds, seed)))
    return found


async def _at_rate(
    deployment: Deployment, logs: Logs, name: str, topic: str, load: tuple[float, float, int]
) -> Latency:
    rate, seconds, seed = load
    count = int(rate * (seconds + SETTLE_S))
    chunks = await coming(count, rate, seed)
    begin = await logs.ends(topic)
    began = time.monotonic()
    before = look(deployment, began, 0)
    late_ms = await send(deployment.broker.bootstrap, chunks)
    await watch(deployment, logs, count, lambda _: None, sum(begin.values()), topic=topic)
    after = look(deployment, began, count)
    skip = int(rate * SETTLE_S)
    stamps = [stamp for chunk in chunks for stamp in chunk.stamps_ms]
    decided = await logs.read(topic, begin, await logs.ends(topic))
    decision_ms = list(latencies(decided, stamps, seed, skip).values())
    return Latency(
        NAMES[name],
        rate,
        len(decision_ms),
        percentiles(decision_ms),
        float(np.quantile(late_ms[skip:], 0.99)),
        cpu_us(before, after, count),
        (after.broker_cpu_s - before.broker_cpu_s) / count * 1e6,
    )
