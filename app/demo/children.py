"""Processes of the demo under the guard: none outlives it, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from app.broker.process import GUARD
from features.errors import PrahariError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_S = 20.0
_POLL_S = 0.1


class Child:
    """One command; what it prints goes to a file of its own."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        guarded = [sys.executable, "-I", "-S", str(GUARD), str(STOP_S), *command]
        with log.open("wb") as output:
            self._guard = subprocess.Popen(  # noqa: S603 - our own commands
                guarded,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=output,
                env={**os.environ, **environment},
                start_new_session=True,  # Ctrl-C reaches only us, and we stop them in order
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._guard.poll() is None

    def wait_for(self, text: str, timeout_s: float) -> None:
        """Return when its log holds `text`; raises with the log's end where it ends or takes too long."""
        end = time.monotonic() + timeout_s
        while text not in self.log.read_text(errors="replace"):
            if not self.running or time.monotonic() > end:
                raise PrahariError(f"needed {self.name} to say {text!r}, got, at the end of {self.log}: {self.tail()}")
            time.sleep(_POLL_S)

    def tail(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
        try:
            self._guard.wait(STOP_S + 5)
        except subprocess.TimeoutExpired:
            self._guard.send_signal(signal.SIGKILL)


def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a command to its end in the terminal; raises where it fails."""
    code = subprocess.run(command, env={**os.environ, **environment}, check=False).returncode  # noqa: S603 - ours
    if code:
        raise PrahariError(f"needed `{' '.join(command)}` to end well, got exit code {code}; its message stands above")
