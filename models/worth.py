"""What features are worth: measured by taking them away, on payments later than all that was learned from.

Two questions, two answers. A *family* is taken away before learning: the rules and the isolation forest do without it
too, and what average precision is lost is what nothing else could replace. A *feature* is shuffled among the test
payments of a model that has learned with it: what is lost is how much that model leans on it, alone and together with
its other windows. Windows of one quantity stand in for each other, so most features lose little alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from features.vector import FAMILIES, FEATURE_NAMES, feature_index
from models.artifact import model_inputs
from models.fit import fit_trees, require_both_classes
from models.isolation import fit_forest
from models.metrics import at_budget, ranking
from models.reasons import stem
from models.split import split_by_time
from models.trees import Ensemble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.dataset import Dataset
    from rules import RuleSet

MOST_LEARNED, MOST_TUNED, MOST_TESTED = 100_000, 30_000, 40_000
"""Payments of each slice at most, drawn by seed: ten ensembles are learned, and each feature is shuffled twice."""

_FOREST_ROWS = 50_000
_SHUFFLES = 2


class Part(NamedTuple):
    """Some payments: rows of shape [n, F] and labels."""

    rows: NDArray[np.float64]
    labels: NDArray[np.int8]


class Slices(NamedTuple):
    """Rows and labels to learn from, to stop on and to measure on; `times_ms` are those of the last."""

    learn: Part
    tune: Part
    test: Part
    times_ms: NDArray[np.int64]


class Fitted(NamedTuple):
    """What was learned, without calibration, which changes no ranking."""

    trees: Ensemble
    forest: Ensemble
    rules: RuleSet

    def margins(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score n rows of shape [n, F]."""
        return self.trees.margins(model_inputs(rows, self.forest, self.rules))


def slices(dataset: Dataset, seed: int) -> Slices:
    """Split by time as training does, and draw at most so many of each slice."""
    split = split_by_time(dataset.event_time_ms, dataset.label_delay_ms)
    dice = np.random.default_rng(seed)
    learn, tune, test = (
        _draw(rows, most, dice)
        for rows, most in ((split.learn, MOST_LEARNED), (split.tune, MOST_TUNED), (split.test, MOST_TESTED))
    )
    for drawn, what in ((learn, "to learn from"), (tune, "to stop on"), (test, "to measure on")):
        require_both_classes(dataset.labels[drawn], what)
    parts = [Part(dataset.rows[drawn], dataset.labels[drawn]) for drawn in (learn, tune, test)]
    return Slices(parts[0], parts[1], parts[2], dataset.event_time_ms[test])


def worth(parts: Slices, rules: RuleSet, *, seed: int, on_step: Callable[[str], None]) -> dict[str, Any]:
    """Measure with everything, without each family, and with each feature and each quantity shuffled."""
    on_step("everything")
    fitted = _fit(parts, rules, seed)
    full = _measured(fitted, parts)
    families = {}
    for name, members in FAMILIES.items():
        on_step(f"without {name}")
        families[name] = _measured(_fit(_without(parts, members), rules, seed), _without(parts, members))
    quantities: dict[str, list[str]] = {}
    for name in FEATURE_NAMES:
        quantities.setdefault(stem(name), []).append(name)
    alone: dict[str, float] = {}
    together: dict[str, float] = {}
    for name in FEATURE_NAMES:
        on_step(f"shuffled {name}")
        alone[name] = _lost(fitted, parts, [name], full["average_precision"], seed)
    for name, several in quantities.items():
        on_step(f"shuffled {name}, all windows")
        lost = (
            alone[several[0]] if len(several) == 1 else _lost(fitted, parts, several, full["average_precision"], seed)
        )
        together |= dict.fromkeys(several, lost)
    return {
        "payments": {"learned": len(parts.learn[1]), "tested": len(parts.test[1]), "frauds": int(parts.test[1].sum())},
        "full": full,
        "families": families,
        "features": {name: {"alone": alone[name], "with_its_windows": together[name]} for name in FEATURE_NAMES},
    }


def _draw(rows: NDArray[np.intp], most: int, dice: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= most else np.sort(dice.choice(rows, most, replace=False))


def _fit(parts: Slices, rules: RuleSet, seed: int) -> Fitted:
    """Learn as training does, early stopping included."""
    rows, labels = parts.learn
    sample = _draw(np.arange(len(rows)), _FOREST_ROWS, np.random.default_rng(seed))
    forest = Ensemble(fit_forest(rows[sample], seed=seed))
    tune = model_inputs(parts.tune[0], forest, rules), parts.tune[1]
    trees = fit_trees(model_inputs(rows, forest, rules), labels, seed=seed, held_out=tune)
    return Fitted(Ensemble(trees.text), forest, rules)


def _measured(fitted: Fitted, parts: Slices) -> dict[str, float]:
    rows, labels = parts.test
    margins = fitted.margins(rows)
    return {**ranking(labels, margins), **at_budget(labels, margins, parts.times_ms)}


def _without(parts: Slices, members: Sequence[str]) -> Slices:
    """Return the slices with some features unknown."""
    columns = [feature_index(name) for name in members]

    def blind(part: Part) -> Part:
        rows = part.rows.copy()
        rows[:, columns] = np.nan
        return Part(rows, part.labels)

    return Slices(blind(parts.learn), blind(parts.tune), blind(parts.test), parts.times_ms)


def _lost(fitted: Fitted, parts: Slices, members: Sequence[str], full: float, seed: int) -> float:
    """Return what average precision is lost when some features are those of another payment; mean of two shuffles."""
    columns = [feature_index(name) for name in members]
    rows, labels = parts.test
    dice = np.random.default_rng(seed)
    found = []
    for _ in range(_SHUFFLES):
        shuffled = rows.copy()
        shuffled[:, columns] = rows[dice.permutation(len(rows))][:, columns]
        found.append(ranking(labels, fitted.margins(shuffled))["average_precision"])
    return round(full - sum(found) / len(found), 4)
