"""State: a million accounts on disk, and a payee that takes a million payments; cost per payment and memory stay flat.

First every account is paid once, in turn. Then ten backlogs, one after the other, go all but to one payee. The cost is
told per backlog, from when the first of its payments is sent until all is decided and committed: were it to grow with
what the whale has taken, the last ones would show it. (Tenths of one backlog would not say what a payment costs: payers
are done before payees are, so that its end lacks their part.)
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
from benchmarks.processes import cpu_s, memory_mb
from benchmarks.sampling import watch
from features.clock import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.load import Payments

PAYER_SHARE = 0.7
_WHALE_SHARE = 0.95
_BACKLOGS = 10
_RATE = 8_000.0


@dataclass(frozen=True, slots=True)
class State:
    """CPU us per payment in each backlog, and the last three over the three after the first."""

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
        tenths = []
        for number, backlog in enumerate(in_turn(list(World(whale).payments()), _BACKLOGS), 1):
            tenths.append(await _cost_us(deployment, logs, backlog))
            say(f"backlog {number} of {_BACKLOGS} with a whale: {tenths[-1]:.0f} us")
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


async def _cost_us(deployment: Deployment, logs: Logs, backlog: Sequence[Payments]) -> float:
    """Send payments, wait until they are decided and committed, and return the worker's CPU us for each."""
    (worker,) = deployment.workers
    begin, used_s = sum((await logs.ends("decisions")).values()), cpu_s(worker.pid)
    count = await preload(deployment.broker.bootstrap, backlog)
    await watch(deployment, logs, count, lambda _: None, begin)
    await committed(deployment)
    return (cpu_s(worker.pid) - used_s) / count * 1e6


def in_turn(chunks: Sequence[Payments], parts: int) -> Iterator[Sequence[Payments]]:
    """Yield chunks in so many parts of like size, in order.

    >>> [len(part) for part in in_turn([None] * 25, 10)]
    [2, 3, 2, 3, 2, 3, 2, 3, 2, 3]
    """
    for part in range(parts):
        yield chunks[len(chunks) * part // parts : len(chunks) * (part + 1) // parts]
