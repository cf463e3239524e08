"""Retraining in one command: what the stream has seen and people have judged becomes a model, on trial if asked."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import TrainingError
from prahari.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence


def retrain(out: Path, *, since: str | None, until: str | None, seed: int) -> None:
    """Export the deployment's payments and verdicts and train on them; raises `TrainingError` where a step fails.

    Payments before `since` only warm the tables, so the whole log is exported.
    """
    with tempfile.TemporaryDirectory(prefix="prahari-retrain-") as directory:
        history = Path(directory) / "history.parquet"
        say("exporting what the stream has seen")
        _run("app.export", "--out", str(history), *_option("--until", until))
        say("training on it")
        options = [*_option("--from", since), *_option("--until", until), "--seed", str(seed)]
        _run("models", "train", "--history", str(history), "--out", str(out), *options)


def _option(name: str, value: str | None) -> Sequence[str]:
    return () if value is None else (name, value)


def _run(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)  # noqa: S603 - our own programs
    if done.returncode:
        raise TrainingError(f"python -m {module} was needed for retraining and ended with {done.returncode}: see above")
