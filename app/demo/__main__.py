"""`python -m app.demo`: history, model, broker, two workers, warm-up, live payments, alerts, a table.

It stays up with its URLs until Ctrl-C; `DEMO_SECONDS=60` ends it by itself with exit code 0. Everything it makes is
under `build/demo`; history and model are kept for the next run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from app.broker import ports
from app.broker.embedded import EmbeddedBroker
from app.demo import screen
from app.demo.children import Child, run
from app.demo.watch import Watch
from features.clock import day_text, ist_day
from features.errors import BrokerError, PrahariError

HERE = Path("build/demo")
TRUTH = HERE / "truth.jsonl"
SEED, PEOPLE, PAYMENTS, DAYS = "7", "3500", "60000", 30
RATE = "100"
ALERT_RATE = 0.005
WEB_PORTS = (6066, 6067)
_READY_S = 60.0
_BUDGET_EVERY_S = 5.0


def main() -> int:
    """Run the demo and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    children: list[Child] = []
    try:
        history, model = _prepare()
        with EmbeddedBroker(_port(9092), HERE / "kafka") as broker:
            try:
                _live(broker, children, history, model)
            finally:
                for child in reversed(children):
                    child.stop()
    except KeyboardInterrupt:
        screen.step("stopped")
    except PrahariError as exc:
        screen.console.print(f"demo: {exc}", style="red")
        return 1
    return 0


def _prepare() -> tuple[Path, Path]:
    """Return history and model, made where today's are missing, and clear what the last run kept state in."""
    HERE.mkdir(parents=True, exist_ok=True)
    start = day_text(ist_day(time.time_ns() // 1_000_000) - DAYS)
    history, model = HERE / f"history-{start}.parquet", HERE / f"model-{start}"
    for old in ("kafka", "worker-1", "worker-2"):
        shutil.rmtree(HERE / old, ignore_errors=True)
    python = sys.executable
    if not history.exists():
        screen.step(f"a month of simulated life: {int(PAYMENTS):,} payments, 3.6 % of them frauds")
        options = ["--transactions", PAYMENTS, "--days", str(DAYS), "--start", start, "--seed", SEED]
        run([python, "-m", "simulator", "history", "--out", str(history), "--people", PEOPLE, *options], {})
    if not (model / "manifest.json").exists():
        screen.step("training a model on it")
        run([python, "-m", "models", "train", "--history", str(history), "--out", str(model)], {})
    return history, model


def _live(broker: EmbeddedBroker, children: list[Child], history: Path, model: Path) -> None:
    screen.step(f"Kafka runs on {broker.bootstrap}; starting two workers")
    environment = {"BROKER_URL": f"kafka://{broker.bootstrap}", "PRAHARI_MODEL_DIR": str(model)}
    web_ports = [_port(port) for port in WEB_PORTS]
    for number, port in enumerate(web_ports, 1):
        command = [sys.executable, "-m", "faust", "-A", "app.main", "worker", "-l", "info"]
        own = {"APP_DATADIR": str(HERE / f"worker-{number}"), "WEB_PORT": str(port)}
        children.append(Child(f"worker {number}", command, HERE / f"worker-{number}.log", {**environment, **own}))
    for child in children:
        child.wait_for("worker ready", _READY_S)
    screen.step("warming up: the tables get the month's past")
    run([sys.executable, "-m", "faust", "-A", "app.main", "warm-up", "--history", str(history)], environment)
    asyncio.run(_watch(broker, children, web_ports))


async def _watch(broker: EmbeddedBroker, children: list[Child], web_ports: list[int]) -> None:
    """Stream live payments and show what comes of them until the time is over."""
    watch = Watch(broker.bootstrap, screen.show_alert)
    await watch.start()
    watching = asyncio.create_task(watch.run())
    urls = " and ".join(f"http://127.0.0.1:{port}" for port in web_ports)
    screen.step(f"live payments, {RATE} a second; any worker answers: {urls} (/alerts, /budget/today, /payers/...)")
    command = [sys.executable, "-m", "simulator", "stream", "--bootstrap", broker.bootstrap, "--rate", RATE]
    options = ["--seed", SEED, "--people", PEOPLE, "--transactions", "100000000", "--truth", str(TRUTH)]
    TRUTH.unlink(missing_ok=True)
    children.append(Child("simulator", [*command, *options], HERE / "simulator.log", {}))
    try:
        await _show_budget(watch, children)
    finally:
        children.pop().stop()
        await asyncio.sleep(2)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        screen.show_result(watch.seen, TRUTH, ALERT_RATE)


async def _show_budget(watch: Watch, children: list[Child]) -> None:
    seconds = float(os.environ.get("DEMO_SECONDS", "inf"))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(min(_BUDGET_EVERY_S, max(0.0, end - time.monotonic())))
        screen.show_budget(watch.seen)
        for child in children:
            if not child.running:
                raise PrahariError(f"needed {child.name} to run, got its end: {child.tail()} (see {child.log})")


def _port(wanted: int) -> int:
    """Return the wanted port, or a free one where it cannot be had."""
    try:
        ports.require_free(wanted)
    except BrokerError:
        return ports.free_port()
    return wanted


if __name__ == "__main__":
    sys.exit(main())
