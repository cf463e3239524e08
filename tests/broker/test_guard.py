"""The guard: a command never outlives the process that asked for it, however that process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.broker import guard

GUARD = Path(guard.__file__)
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PATIENT = "import time; time.sleep(600)"


def start(code: str, *, stop_timeout_s: float = 5.0) -> tuple[subprocess.Popen[bytes], int]:
    """Run Python `code` under the guard; return the guard and the command's process id."""
    command = [sys.executable, "-I", "-S", str(GUARD), str(stop_timeout_s), sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def finish(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()


def wait_until_gone(pid: int, timeout_s: float = 10.0) -> None:
    """Return once the process has ended (a zombie has); fail after the timeout."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there after {timeout_s} s")


def test_the_guard_ends_with_the_command_s_exit_code() -> None:
    """A command that ends by itself takes the guard along."""
    process, _ = start("raise SystemExit(7)")

    assert process.wait(10) == 7
    finish(process)


def test_closing_the_guard_s_input_stops_the_command() -> None:
    """SIGTERM reaches the command when the asker closes its end."""
    process, pid = start(PATIENT)
    assert process.stdin is not None
    process.stdin.close()

    assert process.wait(10) == 128 + signal.SIGTERM
    wait_until_gone(pid)
    finish(process)


def test_sigterm_to_the_guard_stops_the_command() -> None:
    """The guard passes a request to stop on."""
    process, pid = start(PATIENT)
    process.terminate()

    assert process.wait(10) == 128 + signal.SIGTERM
    wait_until_gone(pid)
    finish(process)


def test_a_command_that_ignores_sigterm_is_killed() -> None:
    """After the stop timeout SIGKILL follows."""
    process, pid = start(STUBBORN, stop_timeout_s=0.2)
    assert process.stderr is not None
    assert process.stderr.readline() == b"up\n"
    process.terminate()

    assert process.wait(10) == 128 + signal.SIGKILL
    wait_until_gone(pid)
    finish(process)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_killed_guard_takes_the_command_along() -> None:
    """Linux kills the command when the guard itself is killed."""
    process, pid = start(PATIENT)
    process.kill()
    process.wait(10)

    wait_until_gone(pid)
    finish(process)


def test_a_command_ends_when_its_asker_is_killed() -> None:
    """Kill -9 of the asker ends the command, even where a copy of the guard's input lives on in another process."""
    asker = (
        "import os, subprocess, sys, time\n"
        f"process = subprocess.Popen([sys.executable, {str(GUARD)!r}, '5', sys.executable, '-c', {PATIENT!r}],\n"
        "                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "heir = os.fork()\n"
        "if heir == 0: time.sleep(600)\n"
        "print(int(process.stdout.readline()), heir, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", asker], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid, heir = map(int, process.stdout.readline().split())
        process.kill()
        try:
            wait_until_gone(pid)
        finally:
            os.kill(heir, signal.SIGKILL)
