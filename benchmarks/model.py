"""The model that workers are measured with: trained once on simulated life, and kept while features and rules are."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

from benchmarks.deployment import BUILD
from features.errors import PrahariError
from features.vector import FEATURE_SCHEMA
from rules import DEFAULT_RULES

if TYPE_CHECKING:
    from pathlib import Path

_PAYMENTS, _PEOPLE, _DAYS, _SEED = "60000", "3500", "30", "7"


def ensure_model() -> Path:
    """Return the artifact's directory, trained first where it is not there; compile what runs per payment, too."""
    _run("app.compiling")
    rules = sha256(DEFAULT_RULES.read_bytes()).hexdigest()[:8]
    out = BUILD / f"model-{FEATURE_SCHEMA}-{rules}"
    if not (out / "manifest.json").exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        history = BUILD / "history.parquet"
        world = ["--transactions", _PAYMENTS, "--people", _PEOPLE, "--days", _DAYS, "--seed", _SEED]
        _run("simulator", "history", "--out", str(history), *world)
        _run("models", "train", "--history", str(history), "--out", str(out))
    return out


def _run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise PrahariError(f"needed `python -m {' '.join(arguments)}` to end well, got: {done.stderr.strip()[-500:]}")
