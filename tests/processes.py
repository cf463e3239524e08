"""Real workers as processes for tests: start, wait until ready, kill, freeze, wake; their logs stay for a failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from app.broker.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

READY_S = 60.0
_POLL_S = 0.05


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = READY_S) -> None:
    """Return as soon as `condition` holds; fail with `what` after the limit."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s for: {what}")
        time.sleep(_POLL_S)


class WorkerProcess:
    """One `faust worker` with a datadir of its own."""

    def __init__(self, module: str, datadir: Path, bootstrap: str, settings: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "faust", "-A", module, "worker", "-l", "info"]
        self.datadir = datadir
        self.web_port = free_port()
        self.environment = {
            **os.environ,
            "BROKER_URL": f"kafka://{bootstrap}",
            "APP_DATADIR": str(datadir),
            "WEB_PORT": str(self.web_port),
            **settings,
        }
        self.log_path = datadir.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._read_from = 0

    def start(self) -> WorkerProcess:
        """Start it without waiting."""
        self._read_from = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self.environment, stdout=log, stderr=log)
        return self

    def log(self) -> str:
        """Return what it logged since its last start."""
        return self.log_path.read_bytes()[self._read_from :].decode(errors="replace")

    def wait_ready(self) -> WorkerProcess:
        """Return when it has restored its partitions and takes records."""
        wait_until(lambda: "worker ready" in self.log() or not self.alive, f"worker ready, see {self.log_path}")
        assert self.alive, self.log()[-4000:]
        return self

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return None if self._process is None else self._process.poll()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it without warning."""
        if self.alive:
            self.send_signal(signal.SIGKILL)
            assert self._process is not None
            self._process.wait()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ask it to stop and wait."""
        if self.alive:
            self.send_signal(signal.SIGTERM)
            assert self._process is not None
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired as exc:
                self.send_signal(signal.SIGUSR1)  # Faust prints where each of its threads is
                time.sleep(1.0)
                raise AssertionError(f"waited {timeout_s} s for the worker to stop: {self.log()[-8000:]}") from exc
