"""What goes into a manifest about a training run: its data, its parameters, and how it did on payments held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.fit import PARAMETERS, fit_trees, fraud_weight, learning_rate
from models.isolation import SAMPLES_PER_TREE, TREE_COUNT
from models.manifest import ANOMALY, MODEL_INPUTS
from models.metrics import at_budget, calibration_table, ranking, spend
from models.risk import combine_all
from models.split import HOUR_MS
from models.trees import Ensemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.dataset import Dataset
    from models.logistic import Logistic
    from models.split import Split

ODD_SHARES = (0.5, 0.1, 0.05, 0.01, 0.005, 0.001)
"""Shares of payments whose isolation depth the manifest keeps, so that a reason can say how odd a payment is."""

INPUTS_KEPT = 30


def measure(
    dataset: Dataset,
    split: Split,
    *,
    inputs: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    logistic: Logistic,
) -> dict[str, Any]:
    """Measure model, risk, rules and baseline on the test rows; `inputs` and `probabilities` are theirs."""
    labels, times = dataset.labels[split.test], dataset.event_time_ms[split.test]
    rule_scores = inputs[:, -1].astype(np.int64)
    ranks = {
        "model": probabilities,
        "risk": np.array(combine_all(probabilities, rule_scores)[1], dtype=np.float64),
        "rules": inputs[:, -1],
        "logistic": np.array(
            [logistic.probability(row, score) for row, score in zip(inputs.tolist(), rule_scores.tolist(), strict=True)]
        ),
    }
    return {name: {**ranking(labels, scores), **at_budget(labels, scores, times)} for name, scores in ranks.items()}


def found(labels: NDArray[np.int8], times: NDArray[np.int64], probabilities: NDArray[np.float64]) -> dict[str, float]:
    """Measure one ranking of payments."""
    return {**ranking(labels, probabilities), **at_budget(labels, probabilities, times)}


def by_kind(dataset: Dataset, rows: NDArray[np.intp], probabilities: NDArray[np.float64]) -> dict[str, Any]:
    """Count of each kind of fraud among some rows, where the history names kinds, how many the budget catches."""
    if dataset.kinds is None:
        return {}
    kinds, caught = dataset.kinds[rows], spend(probabilities, dataset.event_time_ms[rows])
    told = {}
    for kind in sorted({kind for kind in kinds.tolist() if kind}):
        inside = kinds == kind
        told[kind] = {"frauds": int(inside.sum()), "caught": int(caught[inside].sum())}
    return told


def without_forest(
    inputs: NDArray[np.float64],
    dataset: Dataset,
    split: Split,
    *,
    tree_count: int,
    seed: int,
    on_tree: Callable[[int], None],
) -> dict[str, float]:
    """Measure trees of the same making that do not know the isolation forest's depth."""
    learn, labels = _blind(inputs, split.learn), dataset.labels[split.learn]
    step = learning_rate(labels)
    trees = fit_trees(learn, labels, seed=seed, tree_count=tree_count, step=step, on_tree=on_tree)
    margins = Ensemble(trees.text).margins(_blind(inputs, split.test))
    return found(dataset.labels[split.test], dataset.event_time_ms[split.test], margins)


def _blind(inputs: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Copy some rows without their isolation depth: a copy of all would be a gigabyte per million."""
    blind = inputs[rows]
    blind[:, MODEL_INPUTS.index(ANOMALY)] = np.nan
    return blind


def importance(text: str) -> dict[str, float]:
    r"""Share by input of what all splits of an ensemble in LightGBM's text form gained, the 30 largest.

    >>> importance("Tree=0\nsplit_feature=2 0\nsplit_gain=3 1\n")
    {'hour_ist': 0.75, 'amount_rupees': 0.25}
    """
    total = np.zeros(len(MODEL_INPUTS))
    for line in text.splitlines():
        name, _, values = line.partition("=")
        if name == "split_feature":
            inputs = np.array(values.split(), np.int64)
        elif name == "split_gain":
            np.add.at(total, inputs, np.array(values.split(), np.float64))
    order = np.argsort(-total, kind="stable")[:INPUTS_KEPT]
    return {MODEL_INPUTS[at]: round(float(total[at] / total.sum()), 5) for at in order.tolist() if total[at] > 0}


def describe(dataset: Dataset, split: Split) -> dict[str, Any]:
    """Describe span and slices; times are epoch milliseconds."""
    slices = {"learn": split.learn, "tune": split.tune, "test": split.test}
    return {
        "rows": len(dataset.labels),
        "frauds": int(dataset.labels.sum()),
        "from_ms": int(dataset.event_time_ms.min()),
        "until_ms": int(dataset.event_time_ms.max()),
        "label_delay_hours": round(dataset.label_delay_ms / HOUR_MS, 2),
        "buffer_hours": split.buffer_ms // HOUR_MS,
        "slices": {
            name: {"rows": len(rows), "frauds": int(dataset.labels[rows].sum())} for name, rows in slices.items()
        },
    }


def parameters(dataset: Dataset, tree_count: int, step: float, calibrated_on: str) -> dict[str, Any]:
    """Collect all that a repetition needs besides the data."""
    chosen = {
        "scale_pos_weight": round(fraud_weight(dataset.labels), 4),
        "learning_rate": step,
    }
    return {
        "trees": {**PARAMETERS, "tree_count": tree_count, **chosen},
        "isolation_forest": {"tree_count": TREE_COUNT, "samples_per_tree": SAMPLES_PER_TREE},
        "calibrated_on": calibrated_on,
    }


def calibration_found(labels: NDArray[np.int8], probabilities: NDArray[np.float64]) -> list[dict[str, float]]:
    """Compare told and found fraud rates by groups of like probability, for the model card."""
    return [
        {"payments": payments, "told": round(told, 5), "found": round(found, 5)}
        for payments, told, found in calibration_table(labels, probabilities)
    ]


def odd_depths(depths: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Give for each share of ODD_SHARES the depth below which that share of payments lies.

    >>> odd_depths(np.arange(101.0))[:2]
    ((0.5, 50.0), (0.1, 10.0))
    """
    return tuple((share, float(np.quantile(depths, share))) for share in ODD_SHARES)
