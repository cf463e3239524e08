"""What the Python engines run in: an environment of their own under `build/`, and the model that all engines use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.deployment import BUILD
from features.errors import PrahariError

HERE = Path(__file__).parent
HOME = BUILD / "engines"
PACKAGES = {
    "faust": ("faust-streaming==0.15.3", "aiokafka==0.14.0", "rocksdict==0.3.29"),
    "quix": ("quixstreams==3.28.0",),
    "bytewax": ("bytewax[kafka]==0.21.1",),
}
_SHARED = ("lightgbm==4.7.0", "numpy==2.4.6", "orjson==3.13.0")


def environment() -> Path:
    """Return the Python of the engines' environment, installed first where it is not."""
    python, done = HOME.resolve() / "bin/python", HOME / "installed"
    wanted = "\n".join((*_SHARED, *(package for packages in PACKAGES.values() for package in packages)))
    if not done.exists() or done.read_text() != wanted:
        run([sys.executable, "-m", "venv", str(HOME)])
        run([str(python), "-m", "pip", "install", "--quiet", *wanted.split("\n")])
        done.write_text(wanted)
    return python


def model(python: Path) -> Path:
    """Return the model of every engine, trained first where it is not."""
    path = (HOME / "model.txt").resolve()
    if not path.exists():
        run([str(python), str(HERE / "job.py")], {"ENGINE_MODEL": str(path)})
    return path


def run(command: list[str], variables: dict[str, str] | None = None, given: bytes = b"") -> bytes:
    """Return what a command printed, or raise with its last words."""
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(command, env=environment, input=given, check=False, capture_output=True)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip()[-800:]
        raise PrahariError(f"needed `{' '.join(command[:6])[:400]}` to end well, got: {last}")
    return done.stdout
