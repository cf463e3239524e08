"""The model card: everything that a reader asks before trusting a model, and true to what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from features.clock import DAY_MS
from models.card import CARD, PICTURE
from models.manifest import MODEL_INPUTS, read_artifact
from models.train import gather
from tests.models.test_train import START_MS, make_history, plan_for, run

if TYPE_CHECKING:
    from pathlib import Path

    from models.manifest import Manifest
    from rules import RuleSet


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, live_rules: RuleSet) -> tuple[Path, Path, Manifest]:
    """Train on a history that names two kinds of fraud; give the history, the artifact's directory and its manifest."""
    folder = tmp_path_factory.mktemp("card")
    path, out = folder / "h.parquet", folder / "model"
    kind = pl.when(pl.int_range(pl.len()) % 20 < 10).then(pl.lit("mules")).otherwise(pl.lit("scams"))
    frame = make_history(path)
    frame.with_columns(fraud_type=pl.when(pl.col("is_fraud") == 1).then(kind)).write_parquet(path)
    run(plan_for(path, out, live_rules))
    return path, out, read_artifact(out)[0]


def test_the_card_shows_all_that_was_measured(trained: tuple[Path, Path, Manifest]) -> None:
    """Rankings, the forest's worth, cold tables, kinds of fraud, calibration, importance, the baseline, a picture."""
    _, out, _ = trained
    card = (out / CARD).read_text(encoding="utf-8")
    for text in (
        *("without the isolation forest", "cold: tables empty", "| mules |", "| scams |", "## Calibration"),
        *("## What the trees look at", "## The logistic baseline", f"({PICTURE})", "3,600 rows of 40 payers"),
    ):
        assert text in card
    assert (out / PICTURE).read_bytes().startswith(b"\x89PNG")


def test_kinds_add_up_to_the_test_slice(trained: tuple[Path, Path, Manifest]) -> None:
    """Every fraud is of one kind, and what is caught is what the budget caught."""
    metrics, data = trained[2].metrics, trained[2].data
    kinds = metrics["kinds"].values()

    assert sum(kind["frauds"] for kind in kinds) == data["slices"]["test"]["frauds"]
    assert sum(kind["caught"] for kind in kinds) == metrics["model"]["caught"]


def test_shares_of_gain_are_shares_of_the_whole(trained: tuple[Path, Path, Manifest]) -> None:
    """Over inputs that exist; the first that the card names is the largest."""
    shares = trained[2].metrics["importance"]

    assert set(shares) <= set(MODEL_INPUTS)
    assert len(shares) <= 30
    assert 0.5 < sum(shares.values()) <= 1.001
    card = (trained[1] / CARD).read_text(encoding="utf-8").partition("## What the trees look at")[2]
    assert card.split("`")[1] == max(shares, key=lambda name: shares[name])


def test_cold_tables_know_nothing_of_before(
    trained: tuple[Path, Path, Manifest], live_rules: RuleSet, tmp_path: Path
) -> None:
    """The same payments with the same labels, their first rows as if nobody had ever paid."""
    plan = plan_for(trained[0], tmp_path, live_rules, since_ms=START_MS + 9 * DAY_MS)
    warm, _ = gather(plan, lambda _: None)
    cold, _ = gather(plan, lambda _: None, cold=True)

    assert cold.labels.tolist() == warm.labels.tolist()
    assert cold.event_time_ms.tolist() == warm.event_time_ms.tolist()
    counts = [MODEL_INPUTS.index(f"{side}_txn_count_30d") for side in ("payer", "payee")]
    assert cold.rows[0, counts].tolist() == [0.0, 0.0]
    assert warm.rows[0, counts].min() > 0
    assert trained[2].metrics["cold"]["auc"] <= 1.0
