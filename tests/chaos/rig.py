"""The machines of a trial: one broker, some workers, and a supervisor that starts again whoever ended by itself."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from typing import TYPE_CHECKING

from tests.chaos.shim import Shim, build
from tests.processes import WorkerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker

RESTARTS_MAX = 25
SMALL_DISK = "size=96m"
_LOOK_S = 0.2


class Rig:
    """Broker and workers; `wanted` are the workers that a supervisor keeps alive."""

    def __init__(self, broker: EmbeddedBroker, path: Path, settings: dict[str, str]) -> None:
        self.broker = broker
        self.path = path
        self.settings = settings
        self.workers: list[WorkerProcess] = []
        self.wanted: set[WorkerProcess] = set()
        self.ends: list[str] = []
        self.mounts: list[Path] = []
        self.shims: dict[WorkerProcess, Shim] = {}
        self._library: Path | None = None

    def prepare_shims(self) -> None:
        """Let clocks and disks of workers made from now on be harmed, where the machine permits."""
        self._library = build(self.path)
        if self._library is None:
            self.ends.append("no C compiler: clocks and disks stay as they are")

    def add(self, *, small_disk: bool = False) -> WorkerProcess:
        """Make a worker and start it."""
        datadir = self.path / f"worker-{len(self.workers)}"
        if small_disk:
            self._mount(datadir)
        shim = None if self._library is None else Shim(self._library, datadir.with_suffix(".page"))
        preloaded = {} if shim is None else shim.environment
        worker = WorkerProcess("app.main", datadir, self.broker.bootstrap, {**self.settings, **preloaded})
        if shim is not None:
            self.shims[worker] = shim
        self.workers.append(worker)
        self.start(worker)
        return worker

    def _mount(self, datadir: Path) -> None:
        """Give a worker a small disk of its own where the machine lets us."""
        datadir.mkdir(parents=True)
        if os.geteuid() != 0:
            return
        command = ["mount", "-t", "tmpfs", "-o", SMALL_DISK, "chaos", str(datadir)]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            self.mounts.append(datadir)

    def start(self, worker: WorkerProcess) -> None:
        """Start a worker and keep it alive from now on."""
        if not worker.alive:
            worker.start()
        self.wanted.add(worker)

    def kill(self, worker: WorkerProcess) -> None:
        """Kill a worker; the supervisor leaves it dead."""
        self.wanted.discard(worker)
        worker.kill()

    async def stop(self, worker: WorkerProcess) -> None:
        """Stop a worker in order; one that does not end in time is a failure."""
        self.wanted.discard(worker)
        try:
            await asyncio.to_thread(worker.stop, 90.0)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{worker.datadir.name} did not stop within 90 s: {worker.log()[-1500:]}") from None

    async def supervise(self) -> None:
        """Start again every wanted worker that ended by itself; too many times is a failure."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for worker in list(self.wanted):
                if not worker.alive:
                    self.ends.append(f"{worker.datadir.name} ended with {worker.exit_code}: {_last_words(worker)}")
                    assert len(self.ends) <= RESTARTS_MAX, f"workers end again and again: {self.ends[-3:]}"
                    worker.start()

    def clean_up(self) -> None:
        """End whatever still runs, and give disks back."""
        for worker in self.workers:
            worker.kill()
        for datadir in self.mounts:
            subprocess.run(["umount", "-l", str(datadir)], check=False)  # noqa: S607 - as above


def _last_words(worker: WorkerProcess) -> str:
    critical = re.findall(r"(?:CRITICAL|ERROR).*|^\w*(?:Error|Exception).*", worker.log(), re.MULTILINE)
    return str(critical[-1])[:400] if critical else worker.log()[-200:]
