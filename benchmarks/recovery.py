"""Recovery: a worker without its datadir; changelog records a second, and how long until it takes payments again.

The rate is that of the restore itself, which reads all partitions at once. The same worker is started with its datadir
first: the difference to ready is what the lost datadir costs.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.deployment import Deployment
from benchmarks.drain import committed, start_up
from benchmarks.kafka import Logs, preload
from benchmarks.load import World
from benchmarks.processes import Worker, cpu_s, memory_mb
from benchmarks.sampling import watch
from benchmarks.state import fill_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RESTORED = re.compile(r"restored \S+: (\d+) records in ([\d.]+) s")
_READY_S = 600.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """`restoring_s` is that of the slowest partition; the others restore meanwhile."""

    accounts: int
    records: int
    ready_s: float
    ready_with_datadir_s: float
    records_per_s: float
    restoring_s: float
    cpu_s: float
    peak_mb: float


def recovery(accounts: int, model: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill the tables, stop the worker, start it with its datadir, wipe that, start it without."""
    with Deployment("recovery", model) as deployment:
        return asdict(asyncio.run(_recovery(deployment, accounts, say)))


async def _recovery(deployment: Deployment, accounts: int, say: Callable[[str], None]) -> Recovery:
    await start_up(deployment, say)
    plan = fill_plan(accounts)
    await preload(deployment.broker.bootstrap, World(plan).payments())
    worker = deployment.start_worker("worker-1")
    async with Logs(deployment.broker.bootstrap) as logs:
        await watch(deployment, logs, plan.transactions, lambda count: say(f"{count:,} accounts paid"))
        await committed(deployment)
    say("starting it again with its datadir")
    _, kept_s = await _start_again(deployment)
    say("starting it again without its datadir")
    await asyncio.to_thread(deployment.stop_workers)
    shutil.rmtree(worker.datadir)
    worker, wiped_s = await _start_again(deployment)
    restored = _RESTORED.findall(worker.said())
    records = sum(int(count) for count, _ in restored)
    restoring_s = max(float(seconds) for _, seconds in restored)
    return Recovery(
        accounts=accounts,
        records=records,
        ready_s=wiped_s,
        ready_with_datadir_s=kept_s,
        records_per_s=records / max(0.01, restoring_s),
        restoring_s=restoring_s,
        cpu_s=cpu_s(worker.pid),
        peak_mb=memory_mb(worker.pid)[1],
    )


async def _start_again(deployment: Deployment) -> tuple[Worker, float]:
    await asyncio.to_thread(deployment.stop_workers)
    worker = deployment.start_worker("worker-1")
    return worker, await asyncio.to_thread(worker.wait_ready, _READY_S)
