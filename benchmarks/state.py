"""State: a million accounts on disk, and a payee that takes a million payments; cost per payment and memory stay flat.

First every account is paid once, in turn. Then a long backlog goes half to one payee. The cost is told per tenth of
that backlog: were it to grow with what the whale has taken, the last tenths would show it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.deployment import Deployment
from benchmarks.drain import committed, start_up
from benchmarks.kafka import Logs, preload
from benchmarks.load import Plan, World
from benchmarks.processes import memory_mb
from benchmarks.sampling import Sample, watch
from features.clock import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PAYER_SHARE = 0.7
_WHALE_SHARE = 0.5
_WINDOWS = 10
_RATE = 8_000.0


@dataclass(frozen=True, slots=True)
class State:
    """CPU us per payment in each tenth, and the last three tenths over the three after the first."""

    accounts: int
    payments: int
    whale_payments: int
    cpu_us_by_tenth: list[float]
    growth: float
    filled_mb: float
    end_mb: float
    peak_mb: float
    disk_mb: float


def fill_plan(accounts: int) -> Plan:
    """Return the load that pays every account of `accounts` once, 7 payers to 3 payees."""
    payers = round(accounts * PAYER_SHARE)
    first_ms = int(time.time() * 1000) - DAY_MS  # what comes later stands after it in time
    return Plan(payers, first_ms, _RATE, payers, accounts - payers, sweep=True, seed=11)


def state(accounts: int, payments: int, model: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill the tables, then let a whale grow."""
    with Deployment("state", model) as deployment:
        return asdict(asyncio.run(_state(deployment, accounts, payments, say)))


async def _state(deployment: Deployment, accounts: int, payments: int, say: Callable[[str], None]) -> State:
    await start_up(deployment, say)
    bootstrap, fill = deployment.broker.bootstrap, fill_plan(accounts)
    worker = deployment.start_worker("worker-1")
    async with Logs(bootstrap) as logs:
        await asyncio.to_thread(worker.wait_ready)
        await preload(bootstrap, World(fill).payments())
        await watch(deployment, logs, fill.transactions, lambda count: say(f"{count:,} accounts paid"))
        await committed(deployment)
        filled_mb = memory_mb(worker.pid)[0]
        first_ms = int(time.time() * 1000 - payments / _RATE * 1000)
        whale = Plan(payments, first_ms, _RATE, fill.payers, fill.payees, whale_share=_WHALE_SHARE, seed=12)
        await asyncio.to_thread(deployment.stop_workers)
        await preload(bootstrap, World(whale).payments())
        worker = deployment.start_worker("worker-1")
        samples = await watch(
            deployment, logs, payments, lambda count: say(f"{count:,} of {payments:,} with a whale"), fill.transactions
        )
        await committed(deployment)
    tenths = by_window(samples)
    now_mb, peak_mb = memory_mb(worker.pid)
    disk = sum(file.stat().st_size for file in worker.datadir.rglob("*") if file.is_file()) / 1e6
    return State(
        accounts=accounts,
        payments=payments,
        whale_payments=round(payments * _WHALE_SHARE),
        cpu_us_by_tenth=tenths,
        growth=float(np.mean(tenths[-3:]) / np.mean(tenths[1:4])),
        filled_mb=filled_mb,
        end_mb=now_mb,
        peak_mb=peak_mb,
        disk_mb=disk,
    )


def by_window(samples: Sequence[Sample]) -> list[float]:
    """Return CPU us of the workers per decision in each tenth of the decisions."""
    decided = np.array([sample.decided for sample in samples], dtype=np.float64)
    used_s = np.array([sum(sample.workers_cpu_s) for sample in samples])
    edges = np.linspace(decided[0], decided[-1], _WINDOWS + 1)
    edges[0] = decided[decided > decided[0]][0]
    at_edges = np.interp(edges, decided, used_s)
    found: list[float] = (np.diff(at_edges) / np.diff(edges) * 1e6).tolist()
    return found
