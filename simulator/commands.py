"""What the commands do, once their options are read."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from features.clock import ist_day
from features.errors import SimulatorError
from simulator import describe, history, table
from simulator.dice import Dice
from simulator.faults import Faults, disturb, spoil_rows
from simulator.live import LivePlan, live_population
from simulator.livestream import live_records
from simulator.progress import Progress
from simulator.reading import load_history
from simulator.recorded import Replay, recorded_records
from simulator.writer import check_suffix, write_history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simulator.records import Records
    from simulator.stream import Sent

_LEAD_MS = 1000
"""A paced stream's first payment is due this long after the broker answered: the first block is ready by then."""


def write(plan: history.HistoryPlan, out: Path, faults: Faults, label_delay_hours: float) -> None:
    """Make a history and write it."""
    check_suffix(out)
    with Progress("payments", plan.transactions) as progress:
        world, payments, ids = history.make_history(plan, progress)
        frame = table.history_table(world.dice, payments, ids, label_delay_hours)
        if faults.any:
            frame, _, _ = disturb(frame, payments.time_ms, faults, world.dice)
            frame = spoil_rows(frame, faults, world.dice)
        write_history(frame, out)
        frauds = int((payments.fraud > 0).sum())
        progress.say(
            f"{out}: {len(frame):,} payments, {frauds:,} frauds ({frauds / len(payments):.2%}), "
            f"{len(world.people):,} people; to go on from there, live: "
            f"prahari simulate stream --seed {plan.seed} --people {len(world.people)}"
        )


def show(path: Path, pictures: Path | None) -> None:
    """Print a history's table and draw its pictures."""
    frame = describe.load(path)
    sys.stdout.write(describe.table(frame) + "\n")
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for drawn in describe.draw(frame, pictures):
            sys.stderr.write(f"{drawn}\n")


@dataclass(frozen=True, slots=True)
class StreamWishes:
    """The stream command's options."""

    rate: float
    bootstrap: str | None
    prefix: str | None
    seconds: float | None
    transactions: int | None
    truth: Path | None
    compression: str | None
    labels: bool


def stream_live(plan: LivePlan, wishes: StreamWishes, faults: Faults) -> None:
    """Stream the living world; its `start_ms` is the moment at which the broker has answered."""
    world = live_population(replace(plan, start_ms=_now_ms()))
    _run(lambda start_ms: live_records(replace(plan, start_ms=start_ms), world, faults, _now_ms), wishes, total=None)


def stream_history(
    path: Path, wishes: StreamWishes, faults: Faults, seed: int, *, now: bool, label_delay_hours: float
) -> None:
    """Stream a history file, with its own times or as if it happened now."""
    if now and not wishes.rate:
        raise SimulatorError("--now needs a rate: payments that all happen at once have no order; give --rate")
    recorded = load_history(path, faults, Dice(seed), label_delay_hours=label_delay_hours)

    def make(start_ms: int) -> Iterator[Records]:
        how = Replay(wishes.rate, start_ms if now else None, wishes.labels, faults, Dice(seed))
        return recorded_records(recorded, how)

    _run(make, wishes, total=len(recorded))


def today() -> int:
    """Return the day that it is in India."""
    return ist_day(_now_ms())


def _now_ms() -> int:
    return int(time.time() * 1000)


def _run(make: Callable[[int], Iterator[Records]], wishes: StreamWishes, *, total: int | None) -> None:
    if wishes.transactions is not None:
        total = min(wishes.transactions, total or wishes.transactions)
    with ExitStack() as stack:
        progress = stack.enter_context(Progress("payments sent", total))
        truth = stack.enter_context(_open_truth(wishes.truth)) if wishes.truth else None
        sent = asyncio.run(_stream(make, wishes, progress, truth))
        rate = sent.transactions / sent.elapsed_s if sent.elapsed_s > 0 else 0.0
        progress.say(
            f"sent {sent.transactions:,} payments ({sent.frauds:,} frauds) and {sent.verdicts:,} verdicts in "
            f"{sent.elapsed_s:.1f} s, {rate:,.0f}/s, behind schedule by at most {sent.behind_ms_max:.0f} ms"
        )


def _open_truth(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as exc:
        raise SimulatorError(f"cannot write {path}: {exc}; choose another --truth") from exc


async def _stream(
    make: Callable[[int], Iterator[Records]], wishes: StreamWishes, progress: Progress, truth: BinaryIO | None
) -> Sent:
    from simulator import stream  # noqa: PLC0415 - Kafka's client is not loaded to write a file

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    producer = await stream.open_producer(_client_options(wishes.bootstrap), wishes.compression)
    try:
        prefix = os.environ.get("PRAHARI_TOPIC_PREFIX", "") if wishes.prefix is None else wishes.prefix
        sender = await stream.open_sender(producer, prefix, labels=wishes.labels)
        start_ms = _now_ms() + (_LEAD_MS if wishes.rate else 0)
        pace = stream.Pace(start_ms, wishes.rate, wishes.transactions, wishes.seconds)
        return await stream.Stream(sender, pace, progress, truth, stop).run(make(start_ms))
    finally:
        await producer.stop()


def _client_options(bootstrap: str | None) -> dict[str, Any]:
    """Return aiokafka's options: servers as given or from BROKER_URL, credentials from PRAHARI_KAFKA_*."""
    from app.kafka import client_options  # noqa: PLC0415 - as above
    from app.settings import load_settings  # noqa: PLC0415

    options = client_options(load_settings(), [])
    given = bootstrap or os.environ.get("BROKER_URL", "localhost:9092")
    servers = [server.split("://")[-1].strip("/ ") for server in given.replace(";", ",").split(",")]
    options["bootstrap_servers"] = [server if ":" in server else f"{server}:9092" for server in servers if server]
    return options
