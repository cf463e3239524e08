"""The JVM's ahead-of-time cache: Kafka's classes loaded and linked once, at set-up, so that later starts take a second.

It is an optimisation only: without it, or where it does not fit (other jars, another Java), Kafka starts 3 s slower.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.broker import java, ports, storage
from app.broker.process import Guarded
from features.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Sequence

START_TIMEOUT_S = 120.0
WRITE_TIMEOUT_S = 180.0


def create(class_path: Sequence[Path]) -> Path:
    """Start Kafka once on an empty directory, recording what it loads; return the cache's path. Takes 15 s, once.

    Raises BrokerError when Kafka does not start or the JVM writes no cache.
    """
    path = java.startup_cache(class_path)
    if path.is_file():
        return path
    with tempfile.TemporaryDirectory(prefix="training-", dir=path.parent) as scratch:
        recorded = Path(scratch, "recorded.aot")
        _train(class_path, Path(scratch), recorded)
        for stale in path.parent.glob("kafka-*.aot"):
            stale.unlink(missing_ok=True)
        os.replace(recorded, path)  # noqa: PTH105 - one atomic step, also when two set-ups race
    return path


def _train(class_path: Sequence[Path], scratch: Path, recorded: Path) -> None:
    port = ports.free_port()
    storage.prepare(scratch, class_path, port, ports.free_port())
    command = java.command(class_path, "kafka.Kafka", "server.properties", flags=[f"-XX:AOTCacheOutput={recorded}"])
    kafka = Guarded(command, scratch, stop_timeout_s=WRITE_TIMEOUT_S)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while kafka.running and not ports.answers(port) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        kafka.stop()
    if not recorded.is_file():
        raise BrokerError(f"no start-up cache could be made ({kafka.cause()}): starts will take about 3 s longer")
