"""Drift of the models in force, as this worker sees it: a sample of what it scores against each model's training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.vector import FEATURE_NAMES
from models.drift import DriftMeter, read_reference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.artifact import Model


class DriftMeters:
    """A meter for each of the two newest models in force; partitions of a worker share it."""

    def __init__(self) -> None:
        self._meters: dict[str, DriftMeter] = {}

    def observe(self, model: Model, rows: NDArray[np.float64], probabilities: NDArray[np.float64]) -> None:
        """Take a sample of n rows of shape [n, F] and the n probabilities that a model gave them."""
        meter = self._meters.get(model.version)
        if meter is None:
            meter = DriftMeter(FEATURE_NAMES, read_reference(model.manifest.data.get("reference")))
            self._meters = dict([*self._meters.items(), (model.version, meter)][-2:])
        meter.observe(rows, probabilities)

    def of(self, model: Model | None) -> dict[str, float]:
        """Return the index of each input and of the score; nothing before enough was scored, or without a reference."""
        meter = None if model is None else self._meters.get(model.version)
        return {} if meter is None else meter.drift()
