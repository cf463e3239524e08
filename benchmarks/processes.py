"""Processes under measurement: none outlives us, and each tells its CPU and memory through /proc (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.broker.ports import free_port
from app.broker.process import GUARD
from features.errors import PrahariError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STOP_S = 20.0
_POLL_S = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds, user and system, that a process and its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory of a process now and at its peak, in MB of 10^6 bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = {
        line.partition(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith(("VmRSS", "VmHWM"))
    }
    return int(kib["VmRSS"]) * 1024 / 1e6, int(kib["VmHWM"]) * 1024 / 1e6


class Process:
    """A command under the guard; what it prints is appended to `log`."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self.started = time.monotonic()
        guarded = [sys.executable, "-I", "-S", str(GUARD), str(STOP_S), *command]
        with log.open("ab") as output:
            self._read_from = output.tell()
            self._guard = subprocess.Popen(
                guarded,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        assert self._guard.stdout is not None  # noqa: S101 - asked for by stdout=PIPE
        with self._guard.stdout as told:
            self.pid = int(told.readline())

    def said(self) -> str:
        """Return what this run of it printed so far."""
        return self.log.read_bytes()[self._read_from :].decode(errors="replace")

    def require_running(self) -> None:
        """Raise with its last words where it has ended."""
        if self._guard.poll() is not None:
            last = "\n".join(self.said().strip().splitlines()[-5:])
            raise PrahariError(f"needed {self.name} to run, got its end; {self.log} says: {last}")

    def wait_for(self, text: str, timeout_s: float) -> float:
        """Return the seconds from its start until it printed `text`."""
        while text not in self.said():
            self.require_running()
            if time.monotonic() > self.started + timeout_s:
                raise PrahariError(f"needed {self.name} to say {text!r} within {timeout_s:g} s: see {self.log}")
            time.sleep(_POLL_S)
        return time.monotonic() - self.started

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
        try:
            self._guard.wait(STOP_S + 5)
        except subprocess.TimeoutExpired:
            self._guard.send_signal(signal.SIGKILL)


class Worker(Process):
    """One `faust -A app.main worker` with a datadir of its own, at default settings but for what is given."""

    def __init__(self, name: str, directory: Path, settings: Mapping[str, str]) -> None:
        self.datadir = directory / name
        command = [sys.executable, "-m", "faust", "-A", "app.main", "worker", "-l", "info"]
        self.port = free_port()
        own = {"APP_DATADIR": str(self.datadir), "WEB_PORT": str(self.port)}
        super().__init__(name, command, directory / f"{name}.log", {**settings, **own})

    def wait_ready(self, timeout_s: float = 120.0) -> float:
        """Return the seconds from its start until it takes records."""
        return self.wait_for("worker ready", timeout_s)
