"""Runs every engine and Prahari in turn on one broker and one preloaded load, and takes the same figures of each."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.broker.ports import free_port
from benchmarks.deployment import PARTITIONS, Deployment
from benchmarks.drain import start_up
from benchmarks.engines.check import require_same_decisions
from benchmarks.engines.environment import HERE, environment, model, run
from benchmarks.engines.jvm import ENGINES
from benchmarks.engines.jvm import command as java_command
from benchmarks.kafka import Logs, preload
from benchmarks.load import Plan, World
from benchmarks.processes import Process, memory_mb
from benchmarks.sampling import look, marginal_cpu_us, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAMES = {
    "prahari": "Prahari (whole job)",
    "kafka-streams": "Kafka Streams 4.1.1",
    "flink": "Flink 2.2.1, state on the heap",
    "flink-rocksdb": "Flink 2.2.1, state in RocksDB",
    "bytewax": "Bytewax 0.21",
    "quix": "Quix 3.28",
    "faust": "Faust 0.15.3",
}
_SETTLE_S = 3.0
#: How long producers wait for more while they drain; the others take 20 ms.
_LINGER_MS = {"quix": 5, "bytewax": 5}
_RATE = 8_000.0


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine came to; CPU with its start-up, and per further decision without."""

    engine: str
    transactions: int
    workers: int
    decided_per_s: float
    cpu_us: float
    marginal_cpu_us: float | None
    broker_marginal_cpu_us: float | None
    peak_mb: list[float]
    curve: list[tuple[float, int]]


class Wish(NamedTuple):
    """Which engines to run, one after the other, with how many workers each, on how many payments."""

    names: Sequence[str]
    transactions: int
    workers: int


def engines(wish: Wish, model: Path, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Run the named engines one after the other; `prahari` among them runs its whole job."""
    python = environment()
    require_same_decisions(python, [name for name in wish.names if name in ENGINES])
    with Deployment("engines-run", model) as deployment:
        return [asdict(one) for one in asyncio.run(_engines(deployment, python, wish, say))]


async def _engines(deployment: Deployment, python: Path, wish: Wish, say: Callable[[str], None]) -> list[Engine]:
    await start_up(deployment, say)
    plan = Plan(wish.transactions, int(time.time() * 1000 - wish.transactions / _RATE * 1000), _RATE)
    await preload(deployment.broker.bootstrap, World(plan).payments())
    await make_topics(deployment.broker.bootstrap, [name for name in wish.names if name != "prahari"])
    found = []
    for name in wish.names:
        for number in range(1, wish.workers + 1):
            start(deployment, python, name, number, wish.workers)
        found.append(await _measure(deployment, name, wish, say))
        await asyncio.to_thread(deployment.stop_workers)
    return found


async def _measure(deployment: Deployment, name: str, wish: Wish, say: Callable[[str], None]) -> Engine:
    transactions = wish.transactions
    topic = decisions_of(name)
    began = time.monotonic()
    async with Logs(deployment.broker.bootstrap) as logs:
        samples = await watch(
            deployment, logs, transactions, lambda count: say(f"{NAMES[name]}: {count:,} decided"), topic=topic
        )
        await asyncio.sleep(_SETTLE_S)
        first_ms, last_ms = await logs.span_ms(topic, {}, await logs.ends(topic))
    end = look(deployment, began, transactions)
    slopes = marginal_cpu_us(samples)
    return Engine(
        NAMES[name],
        transactions,
        wish.workers,
        transactions / max(1, last_ms - first_ms) * 1000,
        sum(end.workers_cpu_s) / transactions * 1e6,
        slopes and slopes[0],
        slopes and slopes[1],
        [memory_mb(worker.pid)[1] for worker in deployment.workers],
        [(round(sample.at_s, 2), sample.decided) for sample in samples],
    )


def decisions_of(name: str) -> str:
    """Return the topic to which an engine's decisions go."""
    return "decisions" if name == "prahari" else f"{name}-decisions"


def start(
    deployment: Deployment, python: Path, name: str, number: int, workers: int, *, linger_ms: int | None = None
) -> None:
    """Start one of so many workers of an engine; `linger_ms` None: what drains fastest."""
    label = f"{name}-{number}"
    if name == "prahari":
        deployment.start_worker(label)
        return
    if name in ENGINES and ENGINES[name].one_process and number > 1:
        return
    state = deployment.directory / f"{label}-state"
    state.mkdir()
    variables = {
        "ENGINE_BOOTSTRAP": deployment.broker.bootstrap,
        "ENGINE_MODEL": str(model(python)),
        "ENGINE_STATE": str(state),
        "ENGINE_DECISIONS": decisions_of(name),
        "ENGINE_LINGER_MS": str(_LINGER_MS.get(name, 20) if linger_ms is None else linger_ms),
        "PYTHONPATH": str(HERE),
    }
    command = [str(python), str(HERE / "quix.py")]
    if name == "faust":
        command = [str(python), str(HERE / "stock_faust.py"), "--datadir", str(state), "worker", "-l", "warn"]
    elif name == "bytewax":
        options = _bytewax(deployment, python, number, workers)
        command = [str(python), "-m", "bytewax.run", "bytewax_flow:flow", *options]
    elif name in ENGINES:
        command = java_command(name, state)
        threads = workers if ENGINES[name].one_process else 1
        variables |= dict(ENGINES[name].variables) | {"ENGINE_THREADS": str(threads)}
    deployment.workers.append(Process(label, command, deployment.directory / f"{label}.log", variables))


def _bytewax(deployment: Deployment, python: Path, number: int, workers: int) -> list[str]:
    """Return its options for snapshots every five seconds, and for several processes that exchange keys."""
    snapshots = deployment.directory / "bytewax-snapshots"
    addresses = deployment.directory / "bytewax-addresses"
    if number == 1:
        snapshots.mkdir()
        run([str(python), "-m", "bytewax.recovery", str(snapshots), str(workers)])
        addresses.write_text(";".join(f"127.0.0.1:{free_port()}" for _ in range(workers)))
    recovery = ["-r", str(snapshots), "-s", "5", "-b", "0"]
    return recovery if workers == 1 else [*recovery, "-i", str(number - 1), "-a", addresses.read_text()]


async def make_topics(bootstrap: str, names: Sequence[str]) -> None:
    """Make the engines' topics with our partition count; decisions are stamped by the broker, as ours are."""
    stamped = {"message.timestamp.type": "LogAppendTime"}
    topics = [NewTopic(decisions_of(name), PARTITIONS, 1, topic_configs=stamped) for name in names]
    if "faust" in names:
        topics.append(NewTopic("faust-by-payee", PARTITIONS, 1))
        compact = {"cleanup.policy": "compact"}
        changelogs = (f"engine-faust-{table}-changelog" for table in ("payers", "payees"))
        topics += [NewTopic(name, PARTITIONS, 1, topic_configs=compact) for name in changelogs]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(topics)
    finally:
        await admin.close()
