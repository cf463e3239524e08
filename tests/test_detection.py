"""What is learned on one simulated world holds on another: people, payees and frauds that training never saw."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from budget.threshold import BudgetState
from features.clock import ist_day
from models import artifact
from models.scoring import Scorer
from replay.engine import Replay
from replay.history import read_history
from replay.verdicts import interleave_verdicts
from rules import load_rules

PAYMENTS, DAYS, WARM_DAYS = "40000", "30", 7
RATE_PPM = 5_000
#: Issue: at least 60 % of what the budget could catch.
CEILING_SHARE = 0.6


def run(*command: str) -> None:
    """Run one of our commands."""
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)


@pytest.mark.timeout(400)
def test_a_model_of_one_seed_catches_most_of_the_ceiling_on_another(tmp_path: Path) -> None:
    """The budget's ceiling is min(frauds, limit) of each day; rules and model together catch at least 60 % of it."""
    for seed in ("101", "202"):
        options = ["--transactions", PAYMENTS, "--days", DAYS, "--seed", seed]
        run("simulator", "history", "--out", str(tmp_path / f"{seed}.parquet"), *options)
    run("models", "train", "--history", str(tmp_path / "101.parquet"), "--out", str(tmp_path / "model"))
    scorer = Scorer(load_rules(Path("rules/rules.yaml")), artifact.load(tmp_path / "model"))
    rows = list(read_history(tmp_path / "202.parquet"))
    frauds = {row.transaction.transaction_id for row in rows if row.is_fraud}
    first_day = ist_day(rows[0].transaction.event_time_ms) + WARM_DAYS
    budget = BudgetState(RATE_PPM)
    seen: Counter[int] = Counter()
    fraud: Counter[int] = Counter()
    caught = 0
    for decided in Replay().decisions(interleave_verdicts(rows), scorer):
        day = ist_day(decided.transaction.event_time_ms)
        is_fraud = decided.transaction.transaction_id in frauds
        seen[day] += 1
        fraud[day] += is_fraud
        admitted = budget.observe(day, decided.score.bucket, is_candidate=True)
        caught += admitted and is_fraud and day >= first_day
    ceiling = sum(min(fraud[day], seen[day] * RATE_PPM // 1_000_000) for day in seen if day >= first_day)

    assert caught >= CEILING_SHARE * ceiling, f"caught {caught} of a possible {ceiling}"
