"""`python -m app.broker`: one line when ready, one line when refused, nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.broker import ports, storage
from features.errors import BrokerError

REPOSITORY = Path(__file__).resolve().parents[2]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app.broker", *arguments]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run to the end; for starts that are to be refused."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        command(*arguments), cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def wait_until_free(data: Path, timeout_s: float = 20.0) -> None:
    """Return once no process holds the data directory, which the running Kafka does."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            os.close(storage.claim(data))
        except BrokerError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Kafka is still running")


@pytest.mark.broker
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_kafka_ends_with_its_launcher(tmp_path: Path, ending: signal.Signals) -> None:
    """It says where it is ready; SIGTERM and Ctrl-C end it with exit code 0, and kill -9 leaves no Java behind."""
    port = ports.free_port()
    with subprocess.Popen(
        command("--port", str(port), "--data", str(tmp_path)), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ports.answers(port)
        process.send_signal(ending)
        code = process.wait(30)

    assert re.fullmatch(rf"Kafka ready on localhost:{port} \(started in \d+\.\d s\)\n", ready)
    assert code == (-signal.SIGKILL if ending == signal.SIGKILL else 0)
    wait_until_free(tmp_path)
    assert not ports.answers(port)


@pytest.mark.broker
def test_kafka_ends_when_the_launcher_s_parent_does(tmp_path: Path) -> None:
    """A broker started by a script that is killed does not stay behind."""
    started = command("--port", str(ports.free_port()), "--data", str(tmp_path))
    script = f"import subprocess, sys; subprocess.run({started!r}, check=False)"
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Kafka ready")
        process.kill()

    wait_until_free(tmp_path)


def test_a_taken_port_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """No traceback, no Java."""
    with socket.create_server((ports.HOST, 0)) as taken:
        done = run("--port", str(taken.getsockname()[1]), "--data", str(tmp_path))

    assert done.returncode == 1
    assert re.fullmatch(r"port \d+ is taken .*\n", done.stderr)


def test_a_data_directory_that_is_a_file_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """The path is named."""
    (tmp_path / "file").write_text("")

    done = run("--port", "0", "--data", str(tmp_path / "file"))

    assert done.returncode == 1
    assert re.fullmatch(r"the data directory .*/file cannot be used .*\n", done.stderr)


def test_a_missing_registry_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """Offline with an empty cache."""
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

    done = run("--data", str(tmp_path / "data"), PRAHARI_CACHE_DIR=str(tmp_path / "cache"), **nowhere)

    assert done.returncode == 1
    assert re.fullmatch(r"org\.apache\.kafka:kafka_.* could not be fetched .*make setup`\n", done.stderr)


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none_is_refused_at_once(port: str) -> None:
    """The usual exit code for a wrong command line."""
    done = run("--port", port)

    assert done.returncode == 2
    assert "65535" in done.stderr or "expected one argument" in done.stderr
