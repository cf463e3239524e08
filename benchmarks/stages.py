"""Stages: where a worker's CPU goes while it drains a backlog, part by part of a payment's way.

A sampler (py-spy) looks at the stacks of a real worker's running threads; the operating system says how much CPU it
used meanwhile. Nothing is added to the worker, so the parts add up to what a payment costs, framework included.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.deployment import Deployment
from benchmarks.drain import start_up
from benchmarks.kafka import Logs, preload
from benchmarks.load import Plan, World
from benchmarks.processes import cpu_s
from benchmarks.stacks import by_part
from features.errors import PrahariError

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.processes import Process

_RATE = 8_000.0
_SAMPLES_PER_S = 200
_SETTLED_SHARE = 0.15
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Stages:
    """CPU us per payment of each part, largest first, and all together; sampled over `payments` payments."""

    payments: int
    samples: int
    cpu_us: float
    parts: dict[str, float]


def stages(transactions: int, model: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Sample one worker in the middle of a drain."""
    with Deployment("stages", model) as deployment:
        return asdict(asyncio.run(_stages(deployment, transactions, say)))


async def _stages(deployment: Deployment, transactions: int, say: Callable[[str], None]) -> Stages:
    await start_up(deployment, say)
    plan = Plan(transactions, int(time.time() * 1000 - transactions / _RATE * 1000), _RATE)
    await preload(deployment.broker.bootstrap, World(plan).payments())
    worker = deployment.start_worker("worker-1")
    async with Logs(deployment.broker.bootstrap) as logs:
        begin = await _wait_for(logs, worker, int(transactions * _SETTLED_SHARE))
        say("sampling")
        raw = deployment.directory / "stacks.txt"
        used_s, sampler = cpu_s(worker.pid), await _sampler(worker.pid, raw)
        end = await _wait_for(logs, worker, int(transactions * 0.9))
        used_s = cpu_s(worker.pid) - used_s
        sampler.send_signal(2)
        if await sampler.wait() not in (0, 130):
            said = await sampler.stderr.read() if sampler.stderr else b""
            raise PrahariError(f"needed py-spy to look into the worker, got: {said.decode().strip()}; it may need root")
    found = by_part(raw.read_text().splitlines())
    cost_us, total = used_s / (end - begin) * 1e6, max(1, found.total())
    parts = {part: count / total * cost_us for part, count in found.most_common()}
    return Stages(end - begin, found.total(), cost_us, parts)


async def _wait_for(logs: Logs, worker: Process, wanted: int) -> int:
    """Return how many decisions there are once there are `wanted`."""
    while (decided := sum((await logs.ends("decisions")).values())) < wanted:
        worker.require_running()
        await asyncio.sleep(_POLL_S)
    return decided


async def _sampler(pid: int, raw: Path) -> asyncio.subprocess.Process:
    """Start py-spy; it writes when it is interrupted."""
    spy = Path(sys.executable).with_name("py-spy")
    options = ["--pid", str(pid), "--rate", str(_SAMPLES_PER_S), "--format", "raw", "--output", str(raw)]
    return await asyncio.create_subprocess_exec(
        str(spy),
        "record",
        *options,
        "--full-filenames",
        "--nonblocking",
        "--nolineno",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
