"""What the commands do: measure, write the results, print the table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchmarks import drain as draining
from benchmarks.load import Plan
from benchmarks.model import ensure_model
from benchmarks.results import Recorder, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

console = Console(highlight=False)

DRAIN_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "payments": lambda run: f"{run['transactions']:,}",
    "workers": lambda run: str(run["workers"]),
    "payments/s": lambda run: f"{run['decided_per_s']:,.0f}",
    "worker CPU us": lambda run: f"{run['worker_cpu_us']:.1f}",
    "marginal": lambda run: "-" if run["marginal_worker_cpu_us"] is None else f"{run['marginal_worker_cpu_us']:.1f}",
    "broker CPU us": lambda run: f"{run['broker_cpu_us']:.1f}",
    "start-up CPU s": lambda run: f"{run['start_up_cpu_s']:.1f}",
    "start-up s": lambda run: f"{run['start_up_s']:.1f}",
    "peak MB": lambda run: " + ".join(f"{peak:.0f}" for peak in run["peak_mb"]),
    "alerts": lambda run: f"{run['alerts']:,}",
}


def measure_drain(transactions: Sequence[int], workers: Sequence[int], rate: float) -> None:
    """Drain each size with each number of workers."""
    model = ensure_model()
    recorder = Recorder("drain", {"events_per_second": rate})
    runs = []
    for count in transactions:
        for number in workers:
            plan = Plan(count, int(time.time() * 1000 - count / rate * 1000), rate)
            with console.status(f"drain {count:,}, {number} workers") as status:
                runs.append(draining.as_json(draining.drain(plan, number, model, status.update)))
            console.print(table(DRAIN_COLUMNS, runs[-1:]), soft_wrap=True)
    console.print(f"written to {recorder.write(runs)}")
