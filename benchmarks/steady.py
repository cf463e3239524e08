"""Steady: payments come at a fixed rate whatever the workers do; how long until each is decided, or an alert.

Latency runs from the moment at which the payment was due, which is its record's timestamp, to the decision's append
time at the broker: a producer that falls behind makes it longer, not invisible. Both are whole milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from aiokafka import AIOKafkaProducer

from benchmarks.deployment import PARTITIONS, Deployment
from benchmarks.drain import committed, start_up
from benchmarks.kafka import Logs, preload
from benchmarks.load import Payments, Plan, World, payment_number, transaction_id
from benchmarks.sampling import look, watch
from benchmarks.spells import Watching, apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.processes import Worker
    from benchmarks.sampling import Sample

WARM_UP_PAYMENTS = 100_000
_RECENT_MS = 20_000
_SETTLE_S = 5.0
_LEAD_MS = 1_000
_TICK_S = 0.001
SHARES = (0.01, 0.05, *(step / 20 for step in range(2, 19)), 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999)


@dataclass(frozen=True, slots=True)
class Steady:
    """Latencies in ms at one rate; `producer_late_ms` is how late payments left, at the 99th percentile.

    `apart_ms` are those of decisions that had nothing to do with a slow spell of the machine, and `slow_share` how much
    of the time such a spell was (`benchmarks.spells`).
    """

    rate: float
    seconds: float
    payments: int
    decision_ms: dict[str, float]
    apart_ms: dict[str, float]
    slow_share: float
    alert_ms: dict[str, float]
    alerts: int
    curve: list[tuple[float, float]]
    producer_late_ms: float
    worker_cpu_us: float
    broker_cpu_us: float


def steady(rates: Sequence[float], seconds: float, workers: int, model: Path, say: Callable[[str], None]) -> list[Any]:
    """Measure each rate in turn on one deployment whose tables and code a drained backlog has warmed."""
    with Deployment("steady", model) as deployment:
        found = asyncio.run(_steady(deployment, rates, seconds, workers, say))
    return [asdict(one) for one in found]


async def _steady(
    deployment: Deployment, rates: Sequence[float], seconds: float, workers: int, say: Callable[[str], None]
) -> list[Steady]:
    await warm_up(deployment, workers, say)
    async with Logs(deployment.broker.bootstrap) as logs:
        found = []
        for number, rate in enumerate(rates):
            await committed(deployment)
            say(f"{rate:,.0f} a second for {seconds:g} s")
            found.append(await at_rate(deployment, logs, rate, seconds, seed=100 + number))
    return found


async def warm_up(deployment: Deployment, workers: int, say: Callable[[str], None]) -> list[Worker]:
    """Start so many workers on a backlog, and return them when they have drained it."""
    await start_up(deployment, say)
    await preload_warm_up(deployment.broker.bootstrap)
    started = [deployment.start_worker(f"worker-{number}") for number in range(1, workers + 1)]
    async with Logs(deployment.broker.bootstrap) as logs:
        await watch(deployment, logs, WARM_UP_PAYMENTS, lambda count: say(f"warming up, {count:,} decided"))
    return started


async def preload_warm_up(bootstrap: str) -> None:
    """Write the backlog of `WARM_UP_PAYMENTS` that warms tables and code."""
    plan = Plan(WARM_UP_PAYMENTS, int(time.time() * 1000) - _RECENT_MS, seed=99)
    await preload(bootstrap, World(plan).payments())


async def at_rate(
    deployment: Deployment, logs: Logs, rate: float, seconds: float, *, seed: int, topic: str = "decisions"
) -> Steady:
    """Measure payments at a rate until all have their decisions in `topic`, and our own workers are done with them."""
    count = int(rate * (seconds + _SETTLE_S))
    chunks = await _coming(count, rate, seed)
    decisions, alerts = await logs.ends(topic), await logs.ends("alerts")
    began = time.monotonic()
    before = look(deployment, began, 0)
    with Watching() as machine:
        late_ms = await _send(deployment.broker.bootstrap, chunks)
        await watch(deployment, logs, count, lambda _: None, sum(decisions.values()), topic=topic)
    if topic == "decisions":
        await committed(deployment)
    after = look(deployment, began, count)
    skip = int(rate * _SETTLE_S)
    stamps = [stamp for chunk in chunks for stamp in chunk.stamps_ms]
    decided = await logs.read(topic, decisions, await logs.ends(topic))
    alerted = await logs.read("alerts", alerts, await logs.ends("alerts"))
    by_number = latencies(decided, stamps, seed, skip)
    decision_ms, due_ms = np.array(list(by_number.values())), np.array(stamps, np.float64)[list(by_number)]
    alert_ms = list(latencies(alerted, stamps, seed, skip).values())
    return Steady(
        rate,
        seconds,
        len(decision_ms),
        percentiles(decision_ms),
        percentiles(decision_ms[apart(due_ms, machine.spells)]),
        machine.slow_share,
        percentiles(alert_ms),
        len(alert_ms),
        [(share, float(np.quantile(decision_ms, share))) for share in SHARES],
        float(np.quantile(late_ms[skip:], 0.99)),
        _cpu_us(before, after, count),
        (after.broker_cpu_s - before.broker_cpu_s) / count * 1e6,
    )


async def _coming(count: int, rate: float, seed: int) -> list[Payments]:
    """Return payments at a rate, shortly before the first of them is due."""
    world = await asyncio.to_thread(World, Plan(1, 0, seed=seed))
    plan = Plan(count, int(time.time() * 1000) + _LEAD_MS + int(count * 0.012), rate, seed=seed)
    world.plan = plan
    chunks = await asyncio.to_thread(lambda: list(world.payments()))
    await asyncio.sleep(max(0.0, (plan.first_ms - time.time() * 1000) / 1000 - 0.1))
    return chunks


async def _send(bootstrap: str, chunks: Sequence[Payments]) -> list[float]:
    """Send each payment when it is due, whatever became of those before; return how late each left."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    await producer.start()
    late_ms: list[float] = []
    sent: list[Any] = []
    try:
        for chunk in chunks:
            for key, hashed, value, stamp_ms in zip(*chunk, strict=True):
                while (now_ms := time.time() * 1000) < stamp_ms:
                    await asyncio.sleep(_TICK_S)
                late_ms.append(now_ms - stamp_ms)
                partition = hashed % PARTITIONS
                sent.append(
                    await producer.send("transactions", value, key=key, partition=partition, timestamp_ms=stamp_ms)
                )
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return late_ms


def latencies(records: Sequence[tuple[int, bytes]], stamps: Sequence[int], seed: int, skip: int) -> dict[int, int]:
    """Return append time less due time of each payment's first record, by its number; the first `skip` are left out."""
    found: dict[int, int] = {}
    for appended_ms, value in records:
        identifier = orjson.loads(value)["transaction_id"]
        number = payment_number(identifier)
        if number >= skip and number < len(stamps) and identifier == transaction_id(seed, number):
            found.setdefault(number, appended_ms - stamps[number])
    return found


def percentiles(latencies_ms: Sequence[float] | NDArray[Any]) -> dict[str, float]:
    """Return the latencies that are told, by name; none of no latencies."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return (
        {name: float(np.quantile(latencies_ms, share)) for name, share in shares.items()} if len(latencies_ms) else {}
    )


def _cpu_us(before: Sample, after: Sample, count: int) -> float:
    """Return what all workers used for each of so many payments, in us of processor time."""
    return (sum(after.workers_cpu_s) - sum(before.workers_cpu_s)) / count * 1e6
