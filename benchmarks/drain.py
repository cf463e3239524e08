"""Drain: N payments stand in the topic, then workers start; how fast the last one is decided, and what it costs.

The rate runs from the first to the last decision's append time, as the broker stamped them. CPU is what each process
used from its start until everything is committed, less what a worker uses that starts on empty topics and stops.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from app.lag import GroupLag
from benchmarks.deployment import PARTITIONS, Deployment
from benchmarks.kafka import Logs, preload
from benchmarks.load import Plan, World
from benchmarks.processes import cpu_s, memory_mb
from benchmarks.sampling import Sample, look, marginal_cpu_us, watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_COMMIT_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Drained:
    """What one drain came to; lists have one entry per worker."""

    transactions: int
    workers: int
    decided_per_s: float
    seconds: float
    to_first_decision_s: float
    worker_cpu_us: float
    each_worker_cpu_us: list[float]
    marginal_worker_cpu_us: float | None
    broker_cpu_us: float
    start_up_cpu_s: float
    start_up_s: float
    peak_mb: list[float]
    alerts: int
    rejected: int
    log_bytes: dict[str, float]
    curve: list[tuple[float, int]]


def drain(plan: Plan, workers: int, model: Path, say: Callable[[str], None]) -> Drained:
    """Drain a plan on a fresh deployment."""
    with Deployment(f"drain-{plan.transactions}-{workers}", model) as deployment:
        return asyncio.run(_drain(deployment, plan, workers, say))


async def start_up(deployment: Deployment, say: Callable[[str], None]) -> tuple[float, float]:
    """Start a worker on empty topics, which makes them, and stop it; return its seconds and CPU seconds until ready."""
    say("starting a worker on empty topics")
    worker = deployment.start_worker("idle")
    try:
        ready_s = await asyncio.to_thread(worker.wait_ready)
        return ready_s, cpu_s(worker.pid)
    finally:
        await asyncio.to_thread(deployment.stop_workers)


async def committed(deployment: Deployment) -> None:
    """Return when the group has committed all that its stages were given: state is durable, nothing is left to do."""
    lag = GroupLag("prahari", "", PARTITIONS, {"bootstrap_servers": deployment.broker.bootstrap})
    await lag.start()
    try:
        for topic in ("transactions", "transactions-by-payee", "candidates"):
            async with asyncio.timeout(_COMMIT_S):
                while await lag.committed(topic) < await lag.end(topic):
                    await asyncio.sleep(_POLL_S)
    finally:
        await lag.stop()


async def _drain(deployment: Deployment, plan: Plan, workers: int, say: Callable[[str], None]) -> Drained:
    start_up_s, start_up_cpu_s = await start_up(deployment, say)
    say(f"preloading {plan.transactions:,} payments")
    await preload(deployment.broker.bootstrap, World(plan).payments())
    broker_before_s, began, began_ms = cpu_s(deployment.broker.pid), time.monotonic(), time.time() * 1000
    for number in range(1, workers + 1):
        deployment.start_worker(f"worker-{number}")
    async with Logs(deployment.broker.bootstrap) as logs:
        samples = await watch(deployment, logs, plan.transactions, lambda count: say(f"{count:,} decided"))
        await committed(deployment)
        end = look(deployment, began, samples[-1].decided)
        first_ms, last_ms = await logs.span_ms("decisions", {}, await logs.ends("decisions"))
        alerts, rejected = [sum((await logs.ends(topic)).values()) for topic in ("alerts", "rejected")]
    each = [(used_s - start_up_cpu_s) / plan.transactions * 1e6 for used_s in end.workers_cpu_s]
    return Drained(
        transactions=plan.transactions,
        workers=workers,
        decided_per_s=plan.transactions / max(1, last_ms - first_ms) * 1000,
        seconds=(last_ms - first_ms) / 1000,
        to_first_decision_s=(first_ms - began_ms) / 1000,
        worker_cpu_us=sum(each),
        each_worker_cpu_us=each,
        marginal_worker_cpu_us=_first(marginal_cpu_us(samples)),
        broker_cpu_us=(end.broker_cpu_s - broker_before_s) / plan.transactions * 1e6,
        start_up_cpu_s=start_up_cpu_s,
        start_up_s=start_up_s,
        peak_mb=[memory_mb(worker.pid)[1] for worker in deployment.workers],
        alerts=alerts,
        rejected=rejected,
        log_bytes={topic: size / plan.transactions for topic, size in deployment.log_bytes().items() if size},
        curve=_curve(samples),
    )


def as_json(drained: Drained) -> dict[str, Any]:
    """Return it as the results file holds it."""
    return asdict(drained)


def _first(pair: tuple[float, float] | None) -> float | None:
    return None if pair is None else pair[0]


def _curve(samples: list[Sample]) -> list[tuple[float, int]]:
    return [(round(sample.at_s, 2), sample.decided) for sample in samples]
