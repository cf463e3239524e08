"""From labelled rows to an artifact: learn, tune, measure on what was held out, then learn once more from everything.

The measured trees never saw the payments they are measured on, nor anything later than their slice. The shipped ones
have the same settings and number of trees, learned from all labelled payments, since the newest frauds are the ones to
know; their calibration is fitted to margins of payments that trees of the same making had not seen (`crossfit`).
"""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from features.vector import FEATURE_COUNT, FEATURE_NAMES, FEATURE_SCHEMA
from models.artifact import model_inputs
from models.drift import reference
from models.ensembles import Measured, Shipped, fit_measured, fit_shipped
from models.fit import fit_logistic, learning_rate, require_both_classes
from models.isolation import fit_forest
from models.manifest import CALIBRATION, FOREST_TEXT, FORMAT, LOGISTIC, MODEL_TEXT, RULES_TEXT, Manifest
from models.measure import (
    by_kind,
    calibration_found,
    describe,
    found,
    importance,
    measure,
    odd_depths,
    parameters,
    without_forest,
)
from models.split import split_by_time
from models.trees import Ensemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.calibration import Calibration
    from models.dataset import Dataset
    from models.logistic import Logistic
    from models.split import Split
    from rules import RuleSet

_FOREST_ROWS = 100_000


class Built(NamedTuple):
    """An artifact not yet written, and the labels of the test rows beside the measured trees' probabilities."""

    manifest: Manifest
    texts: dict[str, str]
    split: Split
    probabilities: NDArray[np.float64]
    labels: NDArray[np.int8]


def build(
    dataset: Dataset,
    rules: RuleSet,
    *,
    seed: int,
    on_tree: Callable[[str, int], None] | None = None,
    cold: Callable[[int], Dataset] | None = None,
) -> Built:
    """Train on a dataset with these rules frozen in; raises TrainingError when there is too little to learn from.

    `on_tree` is told the phase and how many trees stand. `cold` gives the payments from a time on, read with tables
    that were empty then. The same dataset, rules and seed give the same bytes.
    """
    told = on_tree or (lambda _phase, _trees: None)
    labels, split = dataset.labels, split_by_time(dataset.event_time_ms, dataset.label_delay_ms)
    _require(labels, split)
    forest_text = fit_forest(_sample(dataset.rows[split.learn], seed), seed=seed)
    inputs = model_inputs(dataset.rows, Ensemble(forest_text), rules)
    measured = fit_measured(inputs, labels, split, seed=seed, on_tree=partial(told, "learn and tune"))
    tested = measured.calibration.probabilities(measured.margins[split.test])
    logistic = fit_logistic(inputs[split.learn], labels[split.learn])
    metrics = measure(dataset, split, inputs=inputs[split.test], probabilities=tested, logistic=logistic)
    trees, step = measured.trees.tree_count, learning_rate(labels[split.learn])
    blind = partial(told, "without the forest")
    metrics["without_forest"] = without_forest(inputs, dataset, split, tree_count=trees, seed=seed, on_tree=blind)
    metrics["kinds"] = by_kind(dataset, split.test, tested)
    if cold is not None:
        started = cold(int(dataset.event_time_ms[split.test].min()))
        metrics["cold"] = _scored(started, measured, Ensemble(forest_text), rules)
    shipped = fit_shipped(inputs, dataset, trees, step, seed=seed, told=told)
    scored = tested if shipped.scored is None else shipped.scored
    if shipped.scored is not None:
        metrics["calibration"] = calibration_found(labels[shipped.rows], scored)
    metrics["importance"] = importance(shipped.text)
    manifest = _manifest(dataset, split, seed, inputs[split.learn, FEATURE_COUNT], metrics)
    kept = {**manifest.data, "reference": reference(FEATURE_NAMES, dataset.rows, scored)}
    found_by = parameters(dataset, trees, step, shipped.calibrated_on)
    manifest = msgspec.structs.replace(manifest, parameters=found_by, data=kept)
    texts = _texts(shipped, forest_text, shipped.calibration or measured.calibration, logistic, rules)
    return Built(manifest, texts, split, tested, labels[split.test])


def _require(labels: NDArray[np.int8], split: Split) -> None:
    """Raise TrainingError unless every slice has frauds enough."""
    for rows, what in ((split.learn, "to learn from"), (split.tune, "to tune on"), (split.test, "to measure on")):
        require_both_classes(labels[rows], what)


def _texts(
    shipped: Shipped, forest_text: str, calibration: Calibration, logistic: Logistic, rules: RuleSet
) -> dict[str, str]:
    """Return the artifact's files but for its manifest."""
    return {
        MODEL_TEXT: shipped.text,
        FOREST_TEXT: forest_text,
        CALIBRATION: _json(calibration),
        LOGISTIC: _json(logistic),
        RULES_TEXT: rules.text,
    }


def _sample(rows: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Pick rows enough for a forest whose trees see a hundred each."""
    if len(rows) <= _FOREST_ROWS:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), _FOREST_ROWS, replace=False))]


def _scored(cold: Dataset, measured: Measured, forest: Ensemble, rules: RuleSet) -> dict[str, float]:
    """Measure the measured trees on other rows of the test span."""
    if not len(cold.labels):
        return {}
    margins = Ensemble(measured.trees.text).margins(model_inputs(cold.rows, forest, rules))
    return found(cold.labels, cold.event_time_ms, margins)


def _manifest(
    dataset: Dataset, split: Split, seed: int, depths: NDArray[np.float64], metrics: dict[str, Any]
) -> Manifest:
    """Collect what is known about the run; files and version come when it is written."""
    libraries = {name: version(name) for name in ("lightgbm", "numpy", "scikit-learn")}
    return Manifest(
        format=FORMAT,
        version="",
        feature_schema=FEATURE_SCHEMA,
        feature_names=FEATURE_NAMES,
        seed=seed,
        data=describe(dataset, split),
        parameters={},
        metrics=metrics,
        odd_depths=odd_depths(depths),
        versions={**libraries, "python": platform.python_version()},
        files={},
    )


def _json(part: msgspec.Struct) -> str:
    return msgspec.json.format(msgspec.json.encode(part), indent=2).decode() + "\n"
