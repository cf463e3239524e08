"""Sets everything up from a bare Python 3.11+: `.venv` with the locked packages, Kafka's jars, their start-up cache.

`make` runs it before every other target; once done it takes a fraction of a second. Standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.lock"
STAMP = VENV / ".locked"
MINIMUM = (3, 11)


def main() -> int:
    """Set up what is missing; return the exit code, with one clear line on stderr when it is not 0."""
    if sys.version_info < MINIMUM:
        return fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: run `make setup PYTHON=...`")
    cache = Path(os.environ.get("PRAHARI_CACHE_DIR") or ROOT / ".cache").expanduser()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make demo` and `make test` may start together
        return make_venv() or install() or link_command() or build()


def fail(message: str) -> int:
    """Say why on stderr; return the exit code."""
    sys.stderr.write(f"setup: {message}\n")
    return 1


def say(message: str) -> None:
    """Say what takes time."""
    sys.stdout.write(f"setup: {message}\n")
    sys.stdout.flush()


def run(*command: str | Path, quiet: bool = False) -> int:
    """Run a command in the repository; return its exit code."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(list(map(str, command)), cwd=ROOT, stdout=output, stderr=output, check=False).returncode  # noqa: S603


def make_venv() -> int:
    """Make `.venv`, unless a working one is there; where Debian's venv lacks pip, the system's pip stands in."""
    if (
        VENV_PYTHON.exists()
        and run(VENV_PYTHON, "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))", quiet=True) == 0
    ):
        return 0
    say(f"making .venv with Python {sys.version.split()[0]}")
    if run(sys.executable, "-m", "venv", "--clear", VENV, quiet=True) == 0:
        return 0
    bare = run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV, quiet=True) == 0
    if bare and run(sys.executable, "-m", "pip", "--python", VENV_PYTHON, "install", "--quiet", "pip", quiet=True) == 0:
        return 0
    return fail(
        f"{sys.executable} can make no virtual environment with pip: install its venv package (Debian, Ubuntu: "
        "`apt-get install python3-venv`), or choose another Python with `make setup PYTHON=...`"
    )


def install() -> int:
    """Install the locked packages, each verified by its hash, unless this very lock is installed already."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    say("installing the locked packages (a minute or two)")
    # Modules are compiled when they are first imported: most of what comes along never is.
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--require-hashes")
    if run(VENV_PYTHON, "-m", "pip", "install", *options, "--requirement", LOCK) != 0:
        return fail(
            "the locked packages could not be installed: see pip's message above; `make setup` goes on from here"
        )
    STAMP.write_text(wanted)
    return 0


def link_command() -> int:
    """Put `prahari` beside the venv's other commands, so that an activated venv knows it."""
    link = VENV / "bin" / "prahari"
    if not link.is_symlink():
        link.symlink_to(Path("..", "..", "scripts", "prahari"))
    return 0


def build() -> int:
    """Compile what runs per payment, and beside it fetch Kafka's jars and make the start-up cache.

    Where both are done already it takes a second.
    """
    with ThreadPoolExecutor() as pool:
        compiled = pool.submit(run, VENV_PYTHON, "-m", "app.compiling")
        prepared = pool.submit(run, VENV_PYTHON, "-m", "app.broker", "--prepare")
        return compiled.result() or prepared.result()


if __name__ == "__main__":
    sys.exit(main())
