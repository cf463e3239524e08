"""Retraining is one command: the stream's export becomes a model; a step that fails is named and nothing is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from features.errors import TrainingError
from models import artifact
from prahari import retrain as retraining
from simulator.writer import write_history
from tests.simulator.making import make

UNTIL = "2025-01-20"


def test_what_the_stream_has_seen_becomes_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole log is exported up to `until`, and trained on from `since` on."""
    asked: list[tuple[str, ...]] = []
    really = retraining._run

    def run(module: str, *arguments: str) -> None:
        asked.append((module, *arguments))
        if module == "app.export":
            write_history(make(16_000, 21, seed=4).frame, Path(arguments[arguments.index("--out") + 1]))
        else:
            really(module, *arguments)

    monkeypatch.setattr(retraining, "_run", run)
    retraining.retrain(tmp_path / "model", since="2025-01-02", until=UNTIL, seed=3)

    exported, trained = asked
    assert (*exported[:2], *exported[3:]) == ("app.export", "--out", "--until", UNTIL)
    assert trained[:2] == ("models", "train")
    assert exported[2] == trained[trained.index("--history") + 1]
    manifest = artifact.load(tmp_path / "model").manifest
    assert manifest.seed == 3
    assert not Path(exported[2]).exists()


def test_a_step_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an export there is no training."""
    monkeypatch.setattr(sys, "executable", "false")

    with pytest.raises(TrainingError, match=r"app\.export was needed"):
        retraining.retrain(tmp_path / "model", since=None, until=None, seed=1)
    assert not (tmp_path / "model").exists()
