"""What a manifest says of a training run: measured on rows that nothing was learned from."""

from __future__ import annotations

import numpy as np

from models.dataset import Dataset
from models.manifest import ANOMALY, MODEL_INPUTS
from models.measure import without_forest
from models.split import Split


def test_without_the_forest_nothing_knows_its_depth() -> None:
    """Frauds that only the depth gives away are found by chance, and the rows keep their depth for everybody else."""
    dice = np.random.default_rng(3)
    inputs = dice.uniform(size=(600, len(MODEL_INPUTS)))
    depths = inputs[:, MODEL_INPUTS.index(ANOMALY)]
    labels = (depths < 0.2).astype(np.int8)
    dataset = Dataset(inputs[:, :-2], labels, np.arange(600, dtype=np.int64), 0)
    split = Split(np.arange(400), np.arange(400, 450), np.arange(450, 600), 0)
    before = inputs.copy()

    found = without_forest(inputs, dataset, split, tree_count=20, seed=1, on_tree=lambda _: None)

    assert 0.3 < found["auc"] < 0.7
    assert np.array_equal(before, inputs)
