"""A small simulated history and the rules in force: what every backtest test replays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from simulator.writer import write_history
from tests.simulator.making import make

if TYPE_CHECKING:
    from pathlib import Path

PAYMENTS = 5_000
DAYS = 6


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a labelled history of six days, with frauds of every kind."""
    path: Path = tmp_path_factory.mktemp("history") / "history.parquet"
    write_history(make(PAYMENTS, DAYS, seed=5).frame, path)
    return path


@pytest.fixture
def scorer() -> Scorer:
    """Give the rules alone: they need no training."""
    return Scorer(load_rules(DEFAULT_RULES), None)
