"""Engines, steady: payments come to each engine in turn at a fixed rate; how long until each is decided.

The load and what is measured are those of `benchmarks.steady`. Producers of all engines send at once here instead of
waiting for more; all else is set as for a drain.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.deployment import Deployment
from benchmarks.drain import start_up
from benchmarks.engines.check import require_same_decisions
from benchmarks.engines.environment import environment
from benchmarks.engines.jvm import ENGINES
from benchmarks.engines.run import NAMES, decisions_of, make_topics, start
from benchmarks.kafka import Logs
from benchmarks.sampling import watch
from benchmarks.steady import WARM_UP_PAYMENTS, at_rate, preload_warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_REST_S = 6.0


class Wish(NamedTuple):
    """Which engines to run, one after the other, at which rates, for how long each."""

    names: Sequence[str]
    rates: Sequence[float]
    seconds: float


def engines_steady(wish: Wish, model: Path, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure one worker of each named engine on a broker of its own, warmed by a drained backlog."""
    python = environment()
    require_same_decisions(python, [name for name in wish.names if name in ENGINES])
    found: list[dict[str, Any]] = []
    for name in wish.names:
        with Deployment(f"steady-{name}", model) as deployment:
            found += asyncio.run(_engine(deployment, python, name, wish, say))
    return found


async def _engine(
    deployment: Deployment, python: Path, name: str, wish: Wish, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    await start_up(deployment, say)
    if name != "prahari":
        await make_topics(deployment.broker.bootstrap, [name])
    await preload_warm_up(deployment.broker.bootstrap)
    start(deployment, python, name, 1, 1, linger_ms=0)
    topic = decisions_of(name)
    async with Logs(deployment.broker.bootstrap) as logs:
        await watch(
            deployment, logs, WARM_UP_PAYMENTS, lambda count: say(f"{NAMES[name]}: {count:,} decided"), topic=topic
        )
        found = []
        for seed, rate in enumerate(wish.rates, 100):
            await asyncio.sleep(_REST_S)  # commits and checkpoints of what was drained
            say(f"{NAMES[name]}: {rate:,.0f} a second for {wish.seconds:g} s")
            steady = await at_rate(deployment, logs, rate, wish.seconds, seed=seed, topic=topic)
            found.append({"engine": NAMES[name], **asdict(steady)})
    return found
