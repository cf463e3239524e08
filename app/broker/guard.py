"""Runs one command that must not outlive the process that asked for it: `guard.py STOP_TIMEOUT_S COMMAND...`.

A process of its own, standard library only, so that it starts in milliseconds. The asker holds the other end of the
guard's standard input: when that end closes, for whatever reason (also kill -9), the command is stopped. Should a copy
of that end survive in some other process, the change of the guard's parent tells as well; and should the guard itself
be killed, Linux kills the command (PR_SET_PDEATHSIG).

The guard writes the command's process id to its standard output and ends with the command's exit code.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PARENT_POLL_S = 0.5


def main(stop_timeout_s: float, command: list[str]) -> int:
    """Run `command` until it ends or nobody wants it any more; return its exit code (128 + n for signal n)."""
    asker = os.getppid()
    wake = _wake_on(signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    child = subprocess.Popen(  # noqa: S603 - the command is our own broker's
        command,
        stdin=subprocess.DEVNULL,
        stdout=2,
        close_fds=False,  # the data directory's lock is held by a descriptor that must reach the command
        preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - the guard has no threads
    )
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{child.pid}\n".encode())
    _wait(child, asker, wake)
    code = _stop(child, stop_timeout_s)
    return code if code >= 0 else 128 - code


def _wake_on(*signals: signal.Signals) -> int:
    """Make `signals` readable on the returned descriptor, so that one select waits for everything."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda _number, _frame: None)
    return reader


def _die_with(guard_pid: int) -> Callable[[], None]:
    """Return what the command's process does before exec so that it cannot outlive `guard_pid`."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def before_exec() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard_pid:  # the guard died before prctl took effect
            os._exit(1)

    return before_exec


def _wait(child: subprocess.Popen[bytes], asker: int, wake: int) -> None:
    """Return when the command has ended, the asker is gone or has closed our input, or a signal asks to stop."""
    while child.poll() is None and os.getppid() == asker:
        readable, _, _ = select.select([0, wake], [], [], PARENT_POLL_S)
        if 0 in readable and not os.read(0, 1):
            return
        if wake in readable and set(os.read(wake, 64)) - {signal.SIGCHLD}:
            return


def _stop(child: subprocess.Popen[bytes], timeout_s: float) -> int:
    """Ask the command to end, wake it if it was frozen, and kill it if it does not; return its exit code."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGCONT)
        try:
            child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
