"""Looks at a running deployment a few times a second: decisions so far, CPU and memory of each process."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.processes import cpu_s, memory_mb
from features.errors import PrahariError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.deployment import Deployment
    from benchmarks.kafka import Logs

_EVERY_S = 0.25
_STALL_S = 90.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the first, decisions, CPU seconds of each worker and of the broker, memory in MB."""

    at_s: float
    decided: int
    workers_cpu_s: tuple[float, ...]
    broker_cpu_s: float
    workers_mb: tuple[float, ...]


def look(deployment: Deployment, began: float, decided: int) -> Sample:
    """Return a sample of now."""
    pids = [worker.pid for worker in deployment.workers]
    return Sample(
        time.monotonic() - began,
        decided,
        tuple(cpu_s(pid) for pid in pids),
        cpu_s(deployment.broker.pid),
        tuple(memory_mb(pid)[0] for pid in pids),
    )


async def watch(
    deployment: Deployment,
    logs: Logs,
    wanted: int,
    on_progress: Callable[[int], None],
    begin: int = 0,
    *,
    topic: str = "decisions",
) -> list[Sample]:
    """Sample until `wanted` decisions stand after the first `begin`; raises where a worker ends or nothing moves."""
    began = moved = time.monotonic()
    samples = [look(deployment, began, 0)]
    while samples[-1].decided < wanted:
        await asyncio.sleep(_EVERY_S)
        decided = sum((await logs.ends(topic)).values()) - begin
        for worker in deployment.workers:
            worker.require_running()
        samples.append(look(deployment, began, decided))
        on_progress(decided)
        if decided > samples[-2].decided:
            moved = time.monotonic()
        elif time.monotonic() > moved + _STALL_S:
            raise PrahariError(f"needed {wanted} decisions, got {decided} and then none for {_STALL_S:g} s")
    return samples


def marginal_cpu_us(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """Return CPU us per further decision, of all workers and of the broker: the slope between 20 % and 90 % decided.

    None where too few samples fall in between.
    """
    total = samples[-1].decided
    middle = [sample for sample in samples if 0.2 * total <= sample.decided <= 0.9 * total]
    if len(middle) < 3:
        return None
    decided = np.array([sample.decided for sample in middle], dtype=np.float64)
    workers = np.array([sum(sample.workers_cpu_s) for sample in middle])
    broker = np.array([sample.broker_cpu_s for sample in middle])
    return float(np.polyfit(decided, workers, 1)[0] * 1e6), float(np.polyfit(decided, broker, 1)[0] * 1e6)
