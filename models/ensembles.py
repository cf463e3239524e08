"""The two ensembles of a training run: one that is measured, and one that ships."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from models.crossfit import held_out_margins
from models.fit import Trees, fit_calibration, fit_trees
from models.trees import Ensemble

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from models.calibration import Calibration
    from models.dataset import Dataset
    from models.split import Split


class Measured(NamedTuple):
    """The trees that are measured, and their own calibration on the tuning slice."""

    trees: Trees
    margins: NDArray[np.float64]
    calibration: Calibration


class Shipped(NamedTuple):
    """The trees that ship; their calibration and the probabilities of rows held out, None of a history too short."""

    text: str
    calibration: Calibration | None
    rows: NDArray[np.intp] | None
    scored: NDArray[np.float64] | None

    @property
    def calibrated_on(self) -> str:
        """What the calibration was fitted to."""
        return "tuning slice" if self.scored is None else "all blocks but the first, held out in turn"


def fit_measured(
    inputs: NDArray[np.float64],
    labels: NDArray[np.int8],
    split: Split,
    *,
    seed: int,
    on_tree: Callable[[int], None],
) -> Measured:
    """Learn, stop early and calibrate, without a look at the test rows."""
    tune = inputs[split.tune], labels[split.tune]
    trees = fit_trees(inputs[split.learn], labels[split.learn], seed=seed, held_out=tune, on_tree=on_tree)
    margins = Ensemble(trees.text).margins(inputs)
    return Measured(trees, margins, fit_calibration(margins[split.tune], tune[1]))


def fit_shipped(
    inputs: NDArray[np.float64],
    dataset: Dataset,
    trees: int,
    step: float,
    *,
    seed: int,
    told: Callable[[str, int], None],
) -> Shipped:
    """Learn from all labelled payments, and calibrate on margins of blocks held out in turn, of all but the first."""
    labels, on_tree = dataset.labels, partial(told, "learn from everything")
    text = fit_trees(inputs, labels, seed=seed, tree_count=trees, step=step, on_tree=on_tree).text
    held_out = held_out_margins(
        inputs,
        labels,
        dataset.event_time_ms,
        tree_count=trees,
        step=step,
        seed=seed,
        on_tree=partial(told, "calibrate"),
    )
    if held_out is None:
        return Shipped(text, None, None, None)
    calibration = fit_calibration(held_out.margins, labels[held_out.rows])
    return Shipped(text, calibration, held_out.rows, calibration.probabilities(held_out.margins))
