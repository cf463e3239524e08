"""From labelled rows to an artifact: learn, tune, measure on what was held out, then learn once more from everything.

The measured model never saw the payments it is measured on. The shipped one has the same settings and number of trees,
learned from all labelled payments, since the newest frauds are the ones to know; it keeps the calibration of the
measured one.
"""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from features.vector import FEATURE_NAMES, FEATURE_SCHEMA
from models.artifact import model_inputs
from models.booster import Booster
from models.fit import PARAMETERS, Trees, fit_calibration, fit_logistic, fit_trees, fraud_weight, require_both_classes
from models.isolation import SAMPLES_PER_TREE, TREE_COUNT, fit_forest
from models.manifest import CALIBRATION, FOREST_TEXT, FORMAT, LOGISTIC, MODEL_TEXT, RULES_TEXT, Manifest
from models.metrics import at_budget, ranking
from models.risk import combine
from models.split import HOUR_MS, Split, split_by_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.calibration import Calibration
    from models.dataset import Dataset
    from models.logistic import Logistic
    from rules import RuleSet

ODD_SHARES = (0.5, 0.1, 0.05, 0.01, 0.005, 0.001)
"""Shares of payments whose isolation depth the manifest keeps, so that a reason can say how odd a payment is."""

_FOREST_ROWS = 100_000


class Built(NamedTuple):
    """An artifact not yet written, and what the model card shows besides."""

    manifest: Manifest
    texts: dict[str, str]
    split: Split
    probabilities: NDArray[np.float64]


class _Fitted(NamedTuple):
    """What was learned before the last refit."""

    forest_text: str
    trees: Trees
    calibration: Calibration
    logistic: Logistic


def build(dataset: Dataset, rules: RuleSet, *, seed: int, on_tree: Callable[[str, int], None] | None = None) -> Built:
    """Train on a dataset with these rules frozen in; raises TrainingError when there is too little to learn from.

    `on_tree` is told the phase and how many trees stand. The same dataset, rules and seed give the same bytes.
    """
    split = split_by_time(dataset.event_time_ms, dataset.label_delay_ms)
    for rows, what in ((split.learn, "to learn from"), (split.tune, "to tune on"), (split.test, "to measure on")):
        require_both_classes(dataset.labels[rows], what)
    told = on_tree or (lambda _phase, _trees: None)
    forest_text = fit_forest(_sample(dataset.rows[split.learn], seed), seed=seed)
    inputs = model_inputs(dataset.rows, Booster(forest_text), rules)
    fitted = _fit(
        inputs,
        dataset.labels,
        split,
        forest_text=forest_text,
        seed=seed,
        on_tree=lambda trees: told("learn and tune", trees),
    )
    probabilities = _probabilities(fitted, inputs[split.test])
    final = fit_trees(
        inputs,
        dataset.labels,
        seed=seed,
        tree_count=fitted.trees.tree_count,
        on_tree=lambda trees: told("learn from everything", trees),
    )
    manifest = Manifest(
        format=FORMAT,
        version="",
        feature_schema=FEATURE_SCHEMA,
        feature_names=FEATURE_NAMES,
        seed=seed,
        data=_describe(dataset, split),
        parameters=_parameters(dataset, fitted),
        metrics=_measure(dataset, split, fitted, inputs, probabilities),
        odd_depths=_odd_depths(inputs[split.learn, len(FEATURE_NAMES)]),
        versions={name: version(name) for name in ("lightgbm", "numpy", "scikit-learn")}
        | {"python": platform.python_version()},
        files={},
    )
    texts = {
        MODEL_TEXT: final.text,
        FOREST_TEXT: forest_text,
        CALIBRATION: _json(fitted.calibration),
        LOGISTIC: _json(fitted.logistic),
        RULES_TEXT: rules.text,
    }
    return Built(manifest, texts, split, probabilities)


def _sample(rows: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Pick rows enough for a forest whose trees see a hundred each."""
    if len(rows) <= _FOREST_ROWS:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), _FOREST_ROWS, replace=False))]


def _fit(
    inputs: NDArray[np.float64],
    labels: NDArray[np.int8],
    split: Split,
    *,
    forest_text: str,
    seed: int,
    on_tree: Callable[[int], None],
) -> _Fitted:
    """Learn, stop early and calibrate, without a look at the test rows."""
    tune = inputs[split.tune], labels[split.tune]
    trees = fit_trees(inputs[split.learn], labels[split.learn], seed=seed, held_out=tune, on_tree=on_tree)
    calibration = fit_calibration(Booster(trees.text).margins(tune[0]), tune[1])
    return _Fitted(forest_text, trees, calibration, fit_logistic(inputs[split.learn], labels[split.learn]))


def _probabilities(fitted: _Fitted, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Score rows as a worker would with the measured model."""
    margins = Booster(fitted.trees.text).margins(inputs).tolist()
    return np.array([fitted.calibration.probability(margin) for margin in margins])


def _measure(
    dataset: Dataset, split: Split, fitted: _Fitted, inputs: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> dict[str, Any]:
    """Measure model, risk, rules and baseline on the test rows."""
    labels, times = dataset.labels[split.test], dataset.event_time_ms[split.test]
    rule_scores = inputs[split.test, -1]
    pairs = zip(probabilities.tolist(), rule_scores.astype(np.int64).tolist(), strict=True)
    rows = inputs[split.test].tolist()
    ranks = {
        "model": probabilities,
        "risk": np.array([combine(p, score).bucket for p, score in pairs], dtype=np.float64),
        "rules": rule_scores,
        "logistic": np.array([fitted.logistic.probability(row, int(row[-1])) for row in rows]),
    }
    return {name: {**ranking(labels, scores), **at_budget(labels, scores, times)} for name, scores in ranks.items()}


def _describe(dataset: Dataset, split: Split) -> dict[str, Any]:
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


def _parameters(dataset: Dataset, fitted: _Fitted) -> dict[str, Any]:
    """Collect all that a repetition needs besides the data."""
    return {
        "trees": {
            **PARAMETERS,
            "tree_count": fitted.trees.tree_count,
            "scale_pos_weight": round(fraud_weight(dataset.labels), 4),
        },
        "isolation_forest": {"tree_count": TREE_COUNT, "samples_per_tree": SAMPLES_PER_TREE},
    }


def _odd_depths(depths: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Give for each share of ODD_SHARES the depth below which that share of payments lies."""
    return tuple((share, float(np.quantile(depths, share))) for share in ODD_SHARES)


def _json(part: msgspec.Struct) -> str:
    return msgspec.json.format(msgspec.json.encode(part), indent=2).decode() + "\n"
