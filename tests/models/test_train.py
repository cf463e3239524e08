"""Training from a history file: what it sees, what it must not see, and what it tells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from features.clock import DAY_MS, HOUR_MS
from features.errors import HistoryError, TrainingError
from features.vector import feature_index
from models import artifact
from models.card import CARD
from models.console import read_time
from models.train import Plan, gather, train
from models.validate import Findings

if TYPE_CHECKING:
    from rules import RuleSet

START_MS = 1_735_669_800_000
"""2025-01-01T00:00 in India."""


def make_history(path: Path, *, days: int = 12, per_day: int = 300) -> pl.DataFrame:
    """Write payments of 40 people, every tenth a fraud that pays a new mule much; labels come after two days."""
    rows = []
    for number in range(days * per_day):
        time_ms = START_MS + number * DAY_MS // per_day
        fraud = number % 10 == 3
        rows.append(
            {
                "transaction_id": f"t{number}",
                "event_time": time_ms,
                "payer_vpa": f"payer{number * 7 % 40}@upi",
                "payee_vpa": f"mule{number}@upi" if fraud else f"shop{number * 3 % 9}@upi",
                "amount": 20_000.0 + number if fraud else 100.0 + number % 50,
                "is_fraud": int(fraud),
                "label_time": time_ms + 48 * HOUR_MS,
            }
        )
    frame = pl.DataFrame(rows)
    frame.write_parquet(path)
    return frame


def plan_for(
    history: Path, out: Path, rules: RuleSet, *, since_ms: int | None = None, until_ms: int | None = None
) -> Plan:
    return Plan(history, out, rules, seed=5, since_ms=since_ms, until_ms=until_ms, label_delay_ms=72 * HOUR_MS)


def run(plan: Plan) -> str:
    """Train quietly and return the model's version."""
    return train(plan, on_payment=lambda _: None, on_findings=lambda _: None, on_tree=lambda *_: None).version


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a small history file."""
    path = Path(tmp_path_factory.mktemp("history")) / "h.parquet"
    make_history(path)
    return path


def test_training_writes_a_model_that_loads_and_a_card_that_says_how_good_it_is(
    history: Path, live_rules: RuleSet, tmp_path: Path
) -> None:
    """The card is for people; the manifest names the same model."""
    version = run(plan_for(history, tmp_path, live_rules))
    assert artifact.load(tmp_path).version == version
    card = (tmp_path / CARD).read_text(encoding="utf-8")
    for text in (version, "recall at the budget", "rules alone", "logistic baseline", "3,600 payments"):
        assert text in card


def test_nothing_that_became_known_after_until_is_seen(live_rules: RuleSet, tmp_path: Path) -> None:
    """Later payments, and labels of earlier payments that come later, may be anything: the model is the same."""
    path, other = tmp_path / "h.parquet", tmp_path / "other.parquet"
    until_ms = START_MS + 10 * DAY_MS
    frame = make_history(path)
    late = pl.col("label_time") > until_ms
    frame.with_columns(
        is_fraud=pl.when(late).then(1 - pl.col("is_fraud")).otherwise(pl.col("is_fraud")),
        amount=pl.when(pl.col("event_time") >= until_ms).then(7.0).otherwise(pl.col("amount")),
    ).write_parquet(other)
    assert frame.filter(late & (pl.col("event_time") < until_ms)).height > 100
    versions = {
        run(plan_for(source, tmp_path / source.stem, live_rules, until_ms=until_ms)) for source in (path, other)
    }
    assert len(versions) == 1
    assert run(plan_for(other, tmp_path / "all", live_rules)) not in versions


def test_rows_are_used_when_their_label_was_known_and_verdicts_are_features_from_then_on(
    history: Path, live_rules: RuleSet, tmp_path: Path
) -> None:
    """Against a plain count of the file."""
    since_ms, until_ms = START_MS + 3 * DAY_MS, START_MS + 11 * DAY_MS
    dataset, findings = gather(
        plan_for(history, tmp_path, live_rules, since_ms=since_ms, until_ms=until_ms), lambda _: None
    )
    frame = pl.read_parquet(history)
    used = frame.filter((pl.col("event_time") >= since_ms) & (pl.col("label_time") <= until_ms))
    assert dataset.event_time_ms.tolist() == used["event_time"].to_list()
    assert dataset.labels.tolist() == used["is_fraud"].to_list()
    assert (findings.used, findings.frauds) == (used.height, int(used["is_fraud"].sum()))
    assert findings.before_from == 900
    assert findings.label_too_late == 599  # the label of the very moment is known
    last = used.row(-1, named=True)
    known = frame.filter(
        (pl.col("payer_vpa") == last["payer_vpa"])
        & (pl.col("label_time") < last["event_time"])
        & pl.col("is_fraud").eq(1)
    )
    assert dataset.rows[-1, feature_index("payer_fraud_verdicts_30d")] == known.height


def test_bad_rows_repeats_and_gaps_are_set_aside_and_told(live_rules: RuleSet, tmp_path: Path) -> None:
    """Training goes on without them."""
    path = tmp_path / "h.csv"
    frame = make_history(tmp_path / "h.parquet").with_columns(pl.col("is_fraud").cast(pl.String))
    gap = frame.filter((pl.col("event_time") < START_MS + 5 * DAY_MS) | (pl.col("event_time") > START_MS + 7 * DAY_MS))
    wrong = gap.with_columns(amount=pl.when(pl.col("transaction_id") == "t8").then(-1.0).otherwise(pl.col("amount")))
    nameless = wrong.with_columns(
        is_fraud=pl.when(pl.col("transaction_id") == "t9").then(None).otherwise(pl.col("is_fraud"))
    )
    pl.concat([nameless, nameless.slice(20, 1), nameless.slice(30, 1).with_columns(amount=pl.lit(5.0))]).write_csv(path)
    _, findings = gather(plan_for(path, tmp_path, live_rules), lambda _: None)
    assert (findings.bad_rows, findings.unlabelled, findings.duplicates, findings.conflicts) == (1, 1, 1, 1)
    report = "\n".join(findings.lines())
    assert "row 9: amount in rupees, above 0" in report
    assert "no payments for 48 h after 2025-01-05T23:55" in report


def test_too_little_to_learn_from_is_said_before_anything_is_written(live_rules: RuleSet, tmp_path: Path) -> None:
    """Whether there are no labels, no days, or no file."""
    path, out = tmp_path / "h.parquet", tmp_path / "out"
    make_history(path, days=3)
    with pytest.raises(TrainingError, match="days"):
        run(plan_for(path, out, live_rules))
    with pytest.raises(TrainingError, match="got none"):
        run(plan_for(path, out, live_rules, until_ms=START_MS + DAY_MS))
    with pytest.raises(HistoryError):
        run(plan_for(tmp_path / "absent.parquet", out, live_rules))
    assert not out.exists()


def test_an_unusual_share_of_frauds_is_told() -> None:
    """An inverted label column is a classic."""
    findings = Findings(payments=100, used=100, frauds=90, first_ms=0, last_ms=1)
    assert any("90.0000%" in line for line in findings.lines())


def test_the_command_trains_and_fails_without_tracebacks(history: Path, tmp_path: Path) -> None:
    """In a log there are plain lines, and one line for an error."""
    command = [sys.executable, "-m", "models", "train", "--out", str(tmp_path / "m"), "--history"]
    done = subprocess.run([*command, str(history), "--seed", "5"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "average precision" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout
    failed = subprocess.run([*command, str(tmp_path / "no.csv")], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert failed.stderr.startswith("models: ")
    assert "Traceback" not in failed.stderr


def test_times_are_read_in_three_forms() -> None:
    """A bare date is midnight in India."""
    assert read_time("2025-01-01", "--from") == START_MS
    assert read_time("2024-12-31T18:30:00Z", "--from") == START_MS
    assert read_time("2025-01-01T00:00:00", "--from") == START_MS
    assert read_time(str(START_MS), "--from") == START_MS
    assert read_time(None, "--from") is None
    with pytest.raises(TrainingError, match="--until"):
        read_time("yesterday", "--until")
