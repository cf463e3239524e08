"""A small synthetic world of feature rows, and one model trained on it for all tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.vector import FEATURE_COUNT, REGISTRY, feature_index
from models import artifact
from models.build import build
from models.dataset import Dataset
from models.manifest import write_artifact
from rules import DEFAULT_RULES, RuleSet, load_rules

if TYPE_CHECKING:
    from models.artifact import Model

DAY_MS = 86_400_000


def make_dataset(count: int, *, days: int = 30, seed: int = 1, fraud_rate: float = 0.05) -> Dataset:
    """Make rows in which a few features, and chance, decide what is fraud."""
    rng = np.random.default_rng(seed)
    rows = np.round(rng.lognormal(1.0, 1.2, (count, FEATURE_COUNT)))
    for position, feature in enumerate(REGISTRY):
        if feature.unit.startswith("1 yes"):
            rows[:, position] = rng.integers(0, 2, count)
    rows[:, feature_index("hour_ist")] = rng.random(count) * 24
    known = rows[:, [feature_index(name) for name in ("amount_rupees", "payer_txn_count_5m", "payee_new_payers_1h")]]
    signal = np.log1p(known) @ np.array([1.5, 1.5, 2.0]) + 2.0 * rows[:, feature_index("payee_is_new")]
    signal += rng.normal(size=count) * 0.7
    rows[rng.random(rows.shape) < 0.05] = np.nan
    labels = (signal > np.quantile(signal, 1 - fraud_rate)).astype(np.int8)
    times = np.sort(rng.integers(0, days * DAY_MS, count)).astype(np.int64) + 1_700_000_000_000
    return Dataset(rows, labels, times, DAY_MS)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Give 8,000 labelled rows over 30 days."""
    return make_dataset(8_000)


@pytest.fixture(scope="session")
def live_rules() -> RuleSet:
    """Give the default rules."""
    return load_rules(DEFAULT_RULES)


@pytest.fixture(scope="session")
def model_dir(dataset: Dataset, live_rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the directory of a trained artifact; tests that alter it work on a copy."""
    directory = Path(tmp_path_factory.mktemp("model"))
    built = build(dataset, live_rules, seed=3)
    write_artifact(directory, built.manifest, built.texts)
    return directory


@pytest.fixture(scope="session")
def model(model_dir: Path) -> Model:
    """Give the trained model, loaded as a worker loads it."""
    return artifact.load(model_dir)
