"""A directory that looks to a page's commands like a fresh checkout that `make setup` has set up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from app.broker.ports import free_port
from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.pages import Block

_LIMIT_S = 180.0
_POLL_S = 0.3
_WRAPPER = '#!/bin/sh\nexec "{command}" {arguments} "$@"\n'
#: Ports that documents name; the sandbox uses free ones in their place.
_PORTS = ("9092", "6066")


class Sandbox:
    """Runs blocks; a terminal keeps its variables from block to block, and shares only files with others."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ports = {port: str(free_port()) for port in _PORTS}
        self._background: list[tuple[Block, subprocess.Popen[bytes], Path]] = []
        shutil.copytree(ROOT / "rules", directory / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        self._make_venv(directory / ".venv" / "bin")

    def _make_venv(self, folder: Path) -> None:
        """Give what `make setup` gives, from this very checkout."""
        folder.mkdir(parents=True)
        (folder / "activate").write_text(f'export PATH="{folder}:$PATH"\n')
        (folder / "prahari").symlink_to(ROOT / "scripts" / "prahari")
        for name, arguments in (("python", ""), ("faust", "-m faust")):
            (folder / name).write_text(_WRAPPER.format(command=sys.executable, arguments=arguments))
            (folder / name).chmod(0o755)

    @property
    def bootstrap(self) -> str:
        """The address of the Kafka that pages call localhost:9092."""
        return f"localhost:{self._ports['9092']}"

    def forget_terminals(self) -> None:
        """Let the next page begin in terminals that were just opened."""
        for state in self.directory.glob(".terminal-*"):
            state.unlink()

    def run(self, block: Block) -> None:
        """Do with a block what a reader would do; fails with its output where that goes wrong."""
        if "not-run" in block.words:
            return
        text = self._with_own_ports(block.text)
        if block.language == "yaml":
            with (self.directory / block.words["append"]).open("a") as file:
                file.write(text)
        elif "background" in block.words:
            self._start(block, text)
        elif block.language in ("bash", "python"):
            self._run(block, text)

    def _with_own_ports(self, text: str) -> str:
        for port, own in self._ports.items():
            text = text.replace(port, own)
        return text

    def _command(self, block: Block, text: str) -> list[str]:
        if block.language == "python":
            return [sys.executable, "-c", text]
        state = self.directory / f".terminal-{block.words.get('terminal', '1')}"
        state.touch()
        save = f"declare -p | grep -Ev '^declare -[a-zA-Z]*r' > {state}"  # all but what bash itself holds fixed
        script = f'set -euo pipefail\nsource {state}\ntrap "{save}" EXIT\n{text}'
        return ["bash", "-c", script]

    def _environment(self) -> dict[str, str]:
        own = {
            "BROKER_URL": f"kafka://{self.bootstrap}",
            "WEB_PORT": self._ports["6066"],
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "120",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PRAHARI_", "VIRTUAL_ENV"))}
        venv = os.path.dirname(sys.executable)  # noqa: PTH120 - as it stands in PATH
        path = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if part != venv)
        return {**kept, **own, "PATH": path}

    def _start(self, block: Block, text: str) -> None:
        log = self.directory / f"log-{len(self._background)}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._command(block, text),
                cwd=self.directory,
                env=self._environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._background.append((block, process, log))
        wanted = block.words.get("until", "")
        end = time.monotonic() + _LIMIT_S
        while wanted not in log.read_text(errors="replace"):
            said = f"{block.place} did not say {wanted!r}:\n{log.read_text(errors='replace')[-3000:]}"
            assert process.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(_POLL_S)

    def _run(self, block: Block, text: str) -> None:
        end = time.monotonic() + _LIMIT_S
        while True:
            done = subprocess.run(
                self._command(block, text),
                cwd=self.directory,
                env=self._environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=_LIMIT_S,
            )
            said = f"{block.place} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            if "until" not in block.words:
                assert bool(done.returncode) is ("fails" in block.words), said
                return
            if block.words["until"] in done.stdout:
                return
            assert time.monotonic() < end, f"{said}\n{self._logs()}"
            time.sleep(_POLL_S)

    def _logs(self) -> str:
        ends = (
            f"{block.place}, exit code {process.poll()}: {log.read_text(errors='replace')[-1500:]}"
            for block, process, log in self._background
        )
        return "\n".join(ends)

    def close(self) -> None:
        """End what still runs, the newest first, as Ctrl-C in each terminal would."""
        for _, process, _ in reversed(self._background):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what bash started may outlive it
            process.wait()
