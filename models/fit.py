"""Learning: trees with early stopping, their calibration, and the logistic baseline, each from plain matrices.

Trees find frauds of 1 in 200 and more unweighted, and rank them better so: on the Handbook's data and on the
simulator's weights cost up to two points of average precision. Below that each fraud weighs (needed / found)^(1/4):
enough that the trees look for them even at real rates, not so much that a handful of frauds rules every split.
Calibration takes the weight out again. Where there are few frauds to learn from, trees take smaller steps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from features.errors import TrainingError
from features.vector import feature_index
from models.calibration import Calibration
from models.libgomp import ensure_libgomp
from models.logistic import LOG_SCALED, PLAIN_FEATURES, RULE_SCORE, Logistic, Term
from models.manifest import MODEL_INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_TREES = 150
FEWEST_TREES = 100
"""Fewer are never kept. A tuning slice of another season (rent week, a festival) makes early stopping stop at a tenth
of what the final fit, which has seen all seasons, can use; 100 trees too many cost far less than 100 too few."""

FEWEST_FRAUDS = 10
ENOUGH_SHARE = 1 / 200
FEW_FRAUDS = 3_000
SMALL_STEP = 0.05

_END = "end of trees\n"
"""What LightGBM writes behind it, settings and importances, is no part of the model and differs with the machine."""

# Histograms by column and one thread give the trees that rows and several threads give (`deterministic`). LightGBM's
# own threads spin while they wait for each other: two took twice the CPU of one, and longer, on a busy machine. Fits
# that need nothing of each other go side by side instead (`crossfit`).
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "metric": "average_precision",
    "num_leaves": 31,
    "learning_rate": 0.08,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 127,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


class Trees(NamedTuple):
    """A fitted ensemble in LightGBM's text form and how many trees early stopping kept."""

    text: str
    tree_count: int


def fraud_weight(labels: NDArray[np.int8]) -> float:
    """Choose how much more than a legitimate payment a fraud weighs.

    >>> fraud_weight(np.array([1] + [0] * 81, dtype=np.int8)), fraud_weight(np.array([1] + [0] * 3199, dtype=np.int8))
    (1.0, 2.0)
    """
    share = int(labels.sum()) / max(len(labels), 1)
    return max(1.0, math.sqrt(math.sqrt(ENOUGH_SHARE / share))) if share else 1.0


def learning_rate(labels: NDArray[np.int8]) -> float:
    """Choose the step of each tree.

    >>> learning_rate(np.ones(100, dtype=np.int8)), learning_rate(np.ones(3_000, dtype=np.int8))
    (0.05, 0.08)
    """
    large: float = PARAMETERS["learning_rate"]
    return SMALL_STEP if int(labels.sum()) < FEW_FRAUDS else large


def require_both_classes(labels: NDArray[np.int8], what: str) -> None:
    """Raise TrainingError unless there are frauds enough, and legitimate payments, to learn or measure anything."""
    frauds = int(labels.sum())
    if frauds < FEWEST_FRAUDS or frauds == len(labels):
        raise TrainingError(
            f"at least {FEWEST_FRAUDS} frauds and some legitimate payments were needed {what}; got {frauds} frauds "
            f"in {len(labels)} payments: use a longer history, or check its is_fraud and label_time columns"
        )


def fit_trees(
    inputs: NDArray[np.float64],
    labels: NDArray[np.int8],
    *,
    seed: int,
    tree_count: int = MOST_TREES,
    step: float | None = None,
    held_out: tuple[NDArray[np.float64], NDArray[np.int8]] | None = None,
    on_tree: Callable[[int], None] | None = None,
) -> Trees:
    """Fit trees to inputs of shape [n, I]; with `held_out`, stop once average precision there no longer rises.

    `step` is the learning rate, by default what `learning_rate` says of these labels.
    """
    ensure_libgomp()
    import lightgbm  # noqa: PLC0415 - heavy, and only training needs it

    data = lightgbm.Dataset(inputs, labels, feature_name=list(MODEL_INPUTS), free_raw_data=True)
    callbacks: list[Any] = [lightgbm.early_stopping(FEWEST_TREES, verbose=False)] if held_out is not None else []
    if on_tree is not None:
        callbacks.append(lambda env: on_tree(env.iteration + 1))
    booster = lightgbm.train(
        {
            **PARAMETERS,
            "seed": seed,
            "scale_pos_weight": fraud_weight(labels),
            "learning_rate": learning_rate(labels) if step is None else step,
        },
        data,
        num_boost_round=tree_count,
        valid_sets=[lightgbm.Dataset(*held_out, reference=data)] if held_out is not None else None,
        callbacks=callbacks,
    )
    kept = max(booster.best_iteration, min(FEWEST_TREES, tree_count)) if held_out is not None else tree_count
    text = booster.model_to_string(num_iteration=kept)
    return Trees(text[: text.index(_END) + len(_END)], kept)


def fit_calibration(margins: NDArray[np.float64], labels: NDArray[np.int8]) -> Calibration:
    """Fit beta calibration to n margins; fall back to Platt's one slope, then to a shift, where it would not rise."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, training only

    below, above = np.logaddexp(0.0, -margins), np.logaddexp(0.0, margins)
    for columns in ((-below, above), (margins,)):
        regression = LogisticRegression(C=1e4, max_iter=1_000).fit(np.column_stack(columns), labels)
        slopes = regression.coef_[0].tolist()
        if min(slopes) > 0.01:
            return Calibration(low=slopes[0], high=slopes[-1], intercept=float(regression.intercept_[0]))
    rate = float(labels.mean())
    return Calibration(low=1.0, high=1.0, intercept=math.log(rate / (1.0 - rate)) - float(margins.mean()))


def fit_logistic(inputs: NDArray[np.float64], labels: NDArray[np.int8]) -> Logistic:
    """Fit the seven-feature baseline to inputs of shape [n, I]; a missing value counts as the mean."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, training only

    columns, scaling = [], []
    for name in PLAIN_FEATURES:
        index = len(MODEL_INPUTS) - 1 if name == RULE_SCORE else feature_index(name)
        values = np.log1p(np.maximum(inputs[:, index], 0.0)) if name in LOG_SCALED else inputs[:, index]
        known = values[~np.isnan(values)]
        mean = float(known.mean()) if len(known) else 0.0
        scale = (float(known.std()) if len(known) else 0.0) or 1.0
        columns.append(np.nan_to_num((values - mean) / scale, nan=0.0))
        scaling.append((mean, scale))
    regression = LogisticRegression(C=1.0, max_iter=1_000).fit(np.column_stack(columns), labels)
    terms = tuple(
        Term(name, name in LOG_SCALED, mean, scale, coefficient)
        for name, (mean, scale), coefficient in zip(PLAIN_FEATURES, scaling, regression.coef_[0].tolist(), strict=True)
    )
    return Logistic(float(regression.intercept_[0]), terms)
