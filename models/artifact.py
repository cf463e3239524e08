"""A model in force: loaded from its directory, verified to the last byte, never pickled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

from features.errors import ArtifactMismatch, RulesError
from features.vector import FEATURE_COUNT
from models.calibration import Calibration
from models.logistic import Logistic
from models.manifest import (
    CALIBRATION,
    FOREST_TEXT,
    LOGISTIC,
    MODEL_INPUTS,
    MODEL_TEXT,
    RULES_TEXT,
    Manifest,
    read_artifact,
)
from models.trees import Ensemble
from rules import RuleSet, parse_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

Part = TypeVar("Part")


def load(path: Path | str) -> Model:
    """Load a model from its directory; raises ArtifactMismatch when any part is missing, altered or does not fit."""
    directory = Path(path)
    manifest, texts = read_artifact(directory)
    try:
        rules = parse_rules(texts[RULES_TEXT], name=str(directory / RULES_TEXT))
    except RulesError as exc:
        raise ArtifactMismatch(f"{directory}: its frozen rules do not fit this version: {exc}; train again") from exc
    calibration = _part(texts[CALIBRATION], Calibration, directory / CALIBRATION)
    logistic = _part(texts[LOGISTIC], Logistic, directory / LOGISTIC)
    trees, forest = Ensemble(texts[MODEL_TEXT]), Ensemble(texts[FOREST_TEXT])
    model = Model(manifest, trees=trees, forest=forest, calibration=calibration, logistic=logistic, rules=rules)
    widths = (model.trees.width, model.forest.width)
    if widths != (len(MODEL_INPUTS), FEATURE_COUNT):
        needed = f"inputs of trees and forest ({len(MODEL_INPUTS)}, {FEATURE_COUNT})"
        raise ArtifactMismatch(f"{directory}: {needed} were needed; got {widths}: train again")
    return model


def _part(text: str, kind: type[Part], path: Path) -> Part:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise ArtifactMismatch(f"{path} does not hold what this version reads: {exc}; train again") from exc


class Model:
    """Trees, the isolation forest and the rules that feed them, calibration, and the logistic challenger."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        trees: Ensemble,
        forest: Ensemble,
        calibration: Calibration,
        logistic: Logistic,
        rules: RuleSet,
    ) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.trees = trees
        self.forest = forest
        self.calibration = calibration
        self.logistic = logistic
        self.rules = rules

    def probability(
        self, rows: NDArray[np.float64], *, frozen_rule_scores: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Give the calibrated fraud probability of n rows of shape [n, F]; bit for bit the same in any batch.

        `frozen_rule_scores` saves evaluating the frozen rules where the caller has just done so.
        """
        return self.calibration.probabilities(self.trees.margins(self.inputs(rows, frozen_rule_scores)))

    def challenger_probability(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probability of the seven-feature logistic regression for n rows of shape [n, F]."""
        scores = self.rules.evaluate_batch(rows)[0].tolist()
        pairs = zip(rows.tolist(), scores, strict=True)
        return np.array([self.logistic.probability(row, score) for row, score in pairs], dtype=np.float64)

    def inputs(
        self, rows: NDArray[np.float64], frozen_rule_scores: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Put the forest's depth and the frozen rule score behind the features: [n, F] to [n, F + 2]."""
        return model_inputs(rows, self.forest, self.rules, frozen_rule_scores)


def model_inputs(
    rows: NDArray[np.float64], forest: Ensemble, rules: RuleSet, rule_scores: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Build what the trees read, for training and scoring alike: rows, isolation depth, rule score."""
    count, width = rows.shape
    result = np.empty((count, width + 2), dtype=np.float64)
    result[:, :width] = rows
    result[:, width] = forest.margins(rows)
    result[:, width + 1] = rules.evaluate_batch(rows)[0] if rule_scores is None else rule_scores
    return result
