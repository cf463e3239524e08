"""What features are worth: those that decide are missed, those that are chance are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from features.vector import FAMILIES, FEATURE_NAMES
from models.worth import slices, worth

if TYPE_CHECKING:
    from models.dataset import Dataset
    from rules import RuleSet

DECIDING = ("amount_rupees", "payer_txn_count_5m", "payee_new_payers_1h", "payee_is_new")


@pytest.fixture(scope="module")
def measured(dataset: Dataset, live_rules: RuleSet) -> dict[str, Any]:
    """Return what the small synthetic world's features are worth."""
    return worth(slices(dataset, 1), live_rules, seed=1, on_step=lambda _: None)


def test_features_that_decide_lose_most_when_shuffled(measured: dict[str, Any]) -> None:
    """The four that make the labels of this world stand first."""
    alone = {name: lost["alone"] for name, lost in measured["features"].items()}

    assert set(sorted(alone, key=lambda name: -alone[name])[:4]) == set(DECIDING)
    assert list(alone) == list(FEATURE_NAMES)


def test_families_of_chance_are_not_missed(measured: dict[str, Any]) -> None:
    """Without the amount much is lost, without habits, which are noise here, next to nothing."""
    full = measured["full"]["average_precision"]
    lost = {name: full - found["average_precision"] for name, found in measured["families"].items()}

    assert list(lost) == list(FAMILIES)
    assert lost["payment"] > 0.1
    assert abs(lost["payee habits"]) < 0.05
