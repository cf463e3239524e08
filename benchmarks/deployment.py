"""A deployment under measurement: a broker and workers of its own, in a directory of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app.broker.embedded import EmbeddedBroker
from benchmarks.processes import Process, Worker

if TYPE_CHECKING:
    from types import TracebackType

BUILD = Path("build/bench")
PARTITIONS = 4


class Deployment:
    """Broker and workers inside a `with` block; topics carry no prefix, settings are the defaults."""

    def __init__(self, name: str, model: Path, *, keep: bool = False) -> None:
        self.directory = (BUILD / name).resolve()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.broker = EmbeddedBroker(0, self.directory / "kafka")
        self.workers: list[Process] = []
        self._keep = keep
        self._model = model

    @property
    def settings(self) -> dict[str, str]:
        """What workers are started with beyond defaults: where the broker and the model are."""
        return {
            "BROKER_URL": f"kafka://{self.broker.bootstrap}",
            "PRAHARI_MODEL_DIR": str(self._model.resolve()),
            "TOPIC_PARTITIONS": str(PARTITIONS),
        }

    def start_worker(self, name: str) -> Worker:
        """Start a worker without waiting; the same name again finds the datadir that it left."""
        worker = Worker(name, self.directory, self.settings)
        self.workers.append(worker)
        return worker

    def stop_workers(self) -> None:
        """Stop every worker in order."""
        for worker in self.workers:
            worker.stop()
        self.workers.clear()

    def log_bytes(self) -> dict[str, int]:
        """Return the bytes of each topic's log on the broker's disk."""
        found: Counter[str] = Counter()
        for segment in (self.broker.data / "log").glob("*/*.log"):
            found[segment.parent.name.rpartition("-")[0]] += segment.stat().st_size
        return {topic: size for topic, size in found.items() if not topic.startswith("__")}

    def __enter__(self) -> Self:
        self.broker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_workers()
        self.broker.stop()
        if kind is None and not self._keep:
            with contextlib.suppress(OSError):
                shutil.rmtree(self.directory)
