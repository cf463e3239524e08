"""One parity run: a history through real workers, with repeats, verdicts and kills, then its export."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tests.parity.outage import cut, send_verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.flow.deployment import Deployment
    from tests.processes import WorkerProcess

COMMAND_S = 900
#: More than workers decide: a history that is played in while they run.
DUMP_PER_S = 50_000
FAULTS = ("--duplicate", "0.01", "--out-of-order", "0.005", "--corrupt", "0.002")


@dataclass(frozen=True)
class Scenario:
    """`rate` 0: the history waits as a backlog before the workers start; `kills`: kill -9 so often on the way.

    Without `labelled` nothing is ever found out: no verdict is sent, and the export has none. `now`: payments
    happen when they are sent; else they keep the file's times, a month in a minute: a moment late is hours late.
    `outage_hours`: the tables know what was before the last so many hours, which wait, with their verdicts.
    `power_cut`: workers decided what was before, and the outage began with a kill -9 of all of them.
    """

    workers: int = 1
    rate: int = 2_000
    kills: int = 0
    seed: int = 1
    labelled: bool = True
    now: bool = False
    outage_hours: float = 0
    power_cut: bool = False


async def stream(deployment: Deployment, history: Path, scenario: Scenario) -> Path:
    """Run a scenario to its end and return the export."""
    history = history if scenario.labelled else _without_labels(history, deployment.path)
    workers = [deployment.worker(f"worker{number}") for number in range(scenario.workers)]
    if scenario.rate:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait_ready()
    else:
        workers[0].start().wait_ready().stop()  # it makes the topics
    if scenario.outage_hours:
        outage = cut(history, deployment.path, scenario.outage_hours)
        if scenario.power_cut:
            await _decide_and_die(deployment, workers, _stream_options(deployment, outage.before, scenario))
        else:
            await _run(deployment, "faust", "-A", "app.main", "warm-up", "--history", str(outage.before))
        await send_verdicts(deployment.bootstrap, deployment.prefix, outage.verdicts)
        history = outage.during
    sending = asyncio.create_task(
        _run(deployment, "simulator", "stream", *_stream_options(deployment, history, scenario))
    )
    if not scenario.rate:
        await sending
        for worker in workers:
            worker.start()
    draw = random.Random(scenario.seed)
    for _ in range(scenario.kills):
        await asyncio.sleep(draw.uniform(2, 5))
        victim = draw.choice(workers)
        victim.kill()
        victim.start()
    await sending
    await deployment.wait_drained()
    await deployment.stop_all()
    out = deployment.path / "export.parquet"
    await _run(deployment, "app.export", "--out", str(out))
    return out


async def _decide_and_die(deployment: Deployment, workers: Sequence[WorkerProcess], options: list[str]) -> None:
    """Let workers decide what waits, and kill all of them."""
    await _run(deployment, "simulator", "stream", *options)
    for worker in workers:
        worker.start()
    await deployment.wait_drained()
    for worker in workers:
        worker.kill()


def _without_labels(history: Path, folder: Path) -> Path:
    """Return the history as a bank has it that has not yet found anything out."""
    path = folder / "unlabelled.parquet"
    pl.read_parquet(history).drop("is_fraud", "label_time", "fraud_type", strict=False).write_parquet(path)
    return path


def _stream_options(deployment: Deployment, history: Path, scenario: Scenario) -> list[str]:
    options = ["--bootstrap", deployment.bootstrap, "--prefix", deployment.prefix, "--history", str(history)]
    return [
        *options,
        "--rate",
        str(scenario.rate),
        "--seed",
        str(scenario.seed),
        *FAULTS,
        *(["--now"] if scenario.now else []),
    ]


async def _run(deployment: Deployment, *command: str) -> None:
    environment = deployment.worker("commands").environment
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_S,
    )
    assert done.returncode == 0, done.stderr[-3000:]
