"""One seed from start to verdict."""

from __future__ import annotations

import asyncio
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from app.lag import GroupLag
from tests.chaos.audit import audit
from tests.chaos.faults import harm
from tests.chaos.load import Load
from tests.chaos.rig import Rig

if TYPE_CHECKING:
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker
    from tests.chaos.plan import Plan

PARTITIONS = 4
RATE_PPM = 50_000
DRAIN_S = 300.0
#: Several workers that drain a sparse backlog take turns, so that it goes on but takes its time on a shared machine.
SPARSE_DRAIN_S = 1_200.0
STALLED_S = 90.0
INPUTS = ("labels", "control", "transactions", "transactions-by-payee", "candidates")


@dataclass
class Outcome:
    """What came of a seed: `problem` is empty where everything held."""

    seed: int
    plan: str
    seconds: float = 0.0
    problem: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)


async def run_trial(plan: Plan, broker: EmbeddedBroker, path: Path) -> Outcome:
    """Run a plan and audit what it left; never raises for what it finds."""
    outcome, began = Outcome(plan.seed, plan.text()), time.monotonic()
    prefix = f"s{plan.seed}."
    settings = {
        "PRAHARI_TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(PARTITIONS),
        "PRAHARI_ALERT_RATE": str(RATE_PPM / 1_000_000),
        "PRAHARI_COMMIT_LINGER_S": str(plan.commit_linger_s),
        "PRAHARI_STATE_CACHE_MB": str(plan.cache_mb),
    }
    rig = Rig(broker, path, settings)
    try:
        outcome.numbers = await _run(plan, rig, prefix)
    except Exception as exc:  # noqa: BLE001 - whatever it is, this seed did not hold
        place = traceback.extract_tb(exc.__traceback__)[-1]
        outcome.problem = f"{type(exc).__name__} at {place.name}:{place.lineno}: {exc}"[:1500]
    finally:
        rig.clean_up()
    outcome.ends = rig.ends
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


async def _run(plan: Plan, rig: Rig, prefix: str) -> dict[str, int]:
    kinds = {fault.kind for fault in plan.faults}
    small_disk = "full-disk" in kinds
    if kinds & {"slow-disk", "clock-jump"}:
        rig.prepare_shims()
    first = rig.add(small_disk=small_disk)
    await asyncio.to_thread(first.wait_ready)
    load, harmed = Load(plan, rig.broker.bootstrap, prefix), asyncio.Event()
    if plan.backlog:  # everything is there before anyone may work on it
        harmed.set()
        await rig.stop(first)
        await load.run(harmed)
        rig.start(first)
    for _ in range(plan.workers - 1):
        rig.add()
    supervisor = asyncio.create_task(rig.supervise())
    sending = asyncio.create_task(load.run(harmed)) if not plan.backlog else None
    try:
        for fault in plan.faults:
            await _beside(supervisor, asyncio.sleep(fault.after_s))
            await _beside(supervisor, harm(rig, prefix, fault))
        harmed.set()
        if sending is not None:
            await _beside(supervisor, asyncio.wait_for(sending, DRAIN_S))
        if not rig.wanted:
            rig.start(rig.workers[0])
        await _beside(supervisor, _wait_drained(rig, prefix))
        if plan.fresh_probe:
            await _beside(supervisor, _probe_fresh(rig, load, prefix))
    finally:
        supervisor.cancel()
        if sending is not None:
            sending.cancel()
    for worker in sorted(rig.wanted, key=lambda worker: worker.datadir.name):
        await rig.stop(worker)
    datadirs = [worker.datadir for worker in rig.workers]
    return await audit(rig.broker.bootstrap, prefix, RATE_PPM, datadirs, torn="tear" in kinds)


async def _beside(supervisor: asyncio.Task[None], work: Any) -> None:
    """Do something while the supervisor lives; its failure is ours."""
    working = asyncio.ensure_future(work)
    await asyncio.wait({supervisor, working}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await supervisor
    await working


async def _probe_fresh(rig: Rig, load: Load, prefix: str) -> None:
    """Let a worker that never was there restore everything from the changelogs, and decide some more payments."""
    for worker in list(rig.wanted):
        await rig.stop(worker)
    await asyncio.to_thread(rig.add().wait_ready)
    await load.run_more(1_000)
    await _wait_drained(rig, prefix)


@retry(retry=retry_if_exception_type(KafkaError), wait=wait_fixed(1), stop=stop_after_delay(DRAIN_S), reraise=True)
async def _lag(rig: Rig, prefix: str) -> GroupLag:
    """Connect to a Kafka that has just come back, as often as it takes."""
    lag = GroupLag(f"{prefix}prahari", prefix, PARTITIONS, {"bootstrap_servers": rig.broker.bootstrap})
    await lag.start()
    return lag


async def _wait_drained(rig: Rig, prefix: str) -> None:
    """Return when the group has committed everything, hop after hop."""
    lag = await _lag(rig, prefix)
    try:
        for topic in INPUTS:
            began_s = moved_s = time.monotonic()
            committed, end = -1, 0
            while committed < end:
                before = committed
                with suppress(KafkaError):  # a Kafka that does not answer this client is waited for, as workers do
                    committed, end = await lag.committed(topic), await lag.end(topic)
                now_s = time.monotonic()
                moved_s = now_s if committed > before else moved_s
                limit_s = min(max(began_s + DRAIN_S, moved_s + STALLED_S), began_s + SPARSE_DRAIN_S)
                logs = [worker.log()[-600:] for worker in rig.workers]
                assert now_s < limit_s, f"{topic}: {committed} of {end} after {now_s - began_s:.0f} s: {logs}"
                await asyncio.sleep(0.2)
    finally:
        await lag.stop()
