"""A Java process under the guard: it ends with whoever started it, however that one ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.broker import java

if TYPE_CHECKING:
    from collections.abc import Sequence

GUARD = Path(__file__).with_name("guard.py")
CAUSE = re.compile(
    r"^(?:Caused by: )?(?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b.*|^Error: .*|^Unrecognized .*", re.MULTILINE
)


class Guarded:
    """Runs `command` in `directory` from construction on; what it prints goes to `directory`/console.log."""

    def __init__(
        self, command: Sequence[str], directory: Path, *, stop_timeout_s: float = 20.0, pass_fds: Sequence[int] = ()
    ) -> None:
        self._directory = directory
        self._stop_timeout_s = stop_timeout_s
        # -I and -S: the guard needs the standard library only, and starts in 20 ms.
        guard = [sys.executable, "-I", "-S", str(GUARD), str(stop_timeout_s), *command]
        with (directory / "console.log").open("wb") as console:
            self._guard = subprocess.Popen(  # noqa: S603 - our own script and Java
                guard,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=console,
                cwd=directory,
                env=java.environment(),
                pass_fds=pass_fds,
                start_new_session=True,  # Ctrl-C in a terminal reaches only the asker, who then stops us in order
            )
        self.pid = self._read_pid()

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """Ask the process to end (SIGTERM, then SIGKILL after the stop timeout) and wait until it has."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait(self._stop_timeout_s + 10.0)

    def kill(self) -> None:
        """End the process as a crash would (SIGKILL) and wait until it has."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def cause(self) -> str:
        """Return the last error that the process logged or printed, in one line."""
        for name in ("broker.log", "console.log"):
            with contextlib.suppress(OSError):
                found = CAUSE.findall((self._directory / name).read_text(errors="replace"))
                if found:
                    return str(found[-1]).removeprefix("Caused by: ").strip()
        return "no error was logged"

    def _read_pid(self) -> int:
        assert self._guard.stdout is not None  # noqa: S101 - asked for by stdout=PIPE
        with self._guard.stdout as stdout:
            line = stdout.readline()
        return int(line) if line.strip() else self._guard.pid
