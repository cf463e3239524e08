"""`python -m app.broker --port 9092 --data DIR`: runs the embedded broker until SIGTERM, Ctrl-C or its parent's end.

`--prepare` only fetches and verifies the jars and makes the start-up cache, as `make setup` does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from app.broker import jars, java, startup_cache
from app.broker.embedded import EmbeddedBroker
from features.errors import BrokerError

PARENT_POLL_S = 0.5
EXIT_REFUSED = 1


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 stopped as asked, 1 refused or broken down (one line on stderr)."""
    parser = argparse.ArgumentParser(prog="python -m app.broker", description="Real Apache Kafka on localhost.")
    parser.add_argument("--port", type=_port, default=9092, help="port on localhost (default 9092; 0: any free one)")
    parser.add_argument("--data", type=Path, default=Path("data/kafka"), help="data directory (default data/kafka)")
    parser.add_argument("--prepare", action="store_true", help="only fetch the jars and make the start-up cache")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        if options.prepare:
            _prepare()
        else:
            _serve(options.port, options.data)
    except BrokerError as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_REFUSED
    return 0


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"a port from 0 to 65535 is needed, got {text!r}")
    return int(text)


def _leave(_number: int, _frame: object) -> NoReturn:
    """End with exit code 0 through every `finally`; further signals change nothing about it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _fetching(missing: int) -> None:
    _say(f"fetching {missing} jars of Kafka {jars.kafka_version()} (43 MB in all)")


def _prepare() -> None:
    class_path = jars.class_path(on_download=_fetching)
    _say(f"Kafka {jars.kafka_version()}: {len(class_path)} jars verified")
    if not java.startup_cache(class_path).is_file():
        _say("making Kafka's start-up cache (15 s, once)")
    try:
        startup_cache.create(class_path)
    except BrokerError as exc:
        _say(str(exc))


def _serve(port: int, data: Path) -> None:
    parent = os.getppid()
    broker = EmbeddedBroker(port, data)
    try:
        seconds = broker.start(on_download=_fetching)
        _say(f"Kafka ready on {broker.bootstrap} (started in {seconds:.1f} s)")
        idle = threading.Event()
        while broker.running and os.getppid() == parent:
            idle.wait(PARENT_POLL_S)
        if not broker.running:
            raise BrokerError(f"Kafka on {broker.bootstrap} ended by itself: see {broker.data}/broker.log")
    finally:
        broker.stop()


if __name__ == "__main__":
    sys.exit(main())
