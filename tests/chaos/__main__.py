"""`python -m tests.chaos`: run seeds until told to stop, append what came of each to a file, go on where it ended."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.broker.embedded import EmbeddedBroker
from app.compiling import compile_all
from tests.chaos.plan import KINDS, make_plan
from tests.chaos.trial import Outcome, run_trial

RESULTS = Path("build/chaos.jsonl")
SEEDS_PER_BROKER = 12


def main(  # noqa: PLR0917 - options of a command line
    seeds: Annotated[int, typer.Option(help="How many seeds to have passed.")] = 200,
    first: Annotated[int, typer.Option(help="The first seed.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Run this seed alone and keep what it left.")] = None,
    seconds: Annotated[float, typer.Option(help="Begin no seed after this many seconds.")] = 1e9,
    lanes: Annotated[int, typer.Option(help="Seeds at a time, each with a broker of its own.")] = 2,
    results: Annotated[
        Path, typer.Option(help="Where outcomes are appended; seeds found there are not run again.")
    ] = RESULTS,
    only: Annotated[list[str] | None, typer.Option(help=f"Only these kinds of fault: {', '.join(KINDS)}.")] = None,
) -> None:
    """Run seeds; the exit code says whether all of them hold."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # brokers that are down are the point
    compile_all()  # else the first worker does, within the time that it has to become ready
    results.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    done = {outcome["seed"] for outcome in known}
    wanted = [seed] if seed is not None else [s for s in range(first, first + seeds) if s not in done]
    made = asyncio.run(
        _run_all(wanted, time.monotonic() + seconds, lanes, results, tuple(only or ()), seed is not None)
    )
    failed = [outcome.seed for outcome in made if outcome.problem]
    typer.echo(f"chaos: {len(made) - len(failed)} of {len(made)} seeds hold; {len(wanted) - len(made)} not begun")
    for number in failed:
        kinds = "".join(f" --only {kind}" for kind in only or ())
        typer.echo(f"repeat with: .venv/bin/python -m tests.chaos --seed {number}{kinds}")
    sys.exit(bool(failed))


async def _run_all(  # noqa: PLR0917 - as above
    wanted: list[int], until: float, lanes: int, results: Path, only: tuple[str, ...], keep: bool
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    waiting = list(wanted)
    running = asyncio.current_task()
    assert running is not None
    # Whoever is told to end ends the workers first, which would go on asking for a Kafka that is gone.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)

    async def lane() -> None:
        while waiting and time.monotonic() < until:
            directory = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="chaos-"))
            broker = EmbeddedBroker(0, directory / "kafka")
            await asyncio.to_thread(broker.start)
            try:
                for _ in range(SEEDS_PER_BROKER):
                    if waiting and time.monotonic() < until:
                        outcomes.append(await _run_one(waiting.pop(0), broker, directory, only))
                        _report(outcomes[-1], results, directory, keep=keep)
            finally:
                await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(_remove_if_all_held, directory)

    await asyncio.gather(*(lane() for _ in range(min(lanes, len(wanted)))))
    return outcomes


async def _run_one(seed: int, broker: EmbeddedBroker, directory: Path, only: tuple[str, ...]) -> Outcome:
    path = directory / f"seed-{seed}"
    path.mkdir(parents=True)
    return await run_trial(make_plan(seed, only), broker, path)


def _remove_if_all_held(directory: Path) -> None:
    """Remove a broker's data unless a failed seed left its logs beside it."""
    if not any(directory.glob("seed-*")):
        shutil.rmtree(directory, ignore_errors=True)


def _report(outcome: Outcome, results: Path, directory: Path, *, keep: bool) -> None:
    path = directory / f"seed-{outcome.seed}"
    typer.echo(f"seed {outcome.seed}: {'FAILS' if outcome.problem else 'holds'} in {outcome.seconds} s: {outcome.plan}")
    if outcome.problem:
        typer.echo(f"  {outcome.problem}\n  logs: {path}")
    typer.echo(f"  {outcome.numbers} {outcome.ends}")
    with results.open("a") as file:
        file.write(json.dumps(asdict(outcome)) + "\n")
    if not outcome.problem and not keep:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    typer.run(main)
