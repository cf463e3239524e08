"""LightGBM's own answers for a tree ensemble in its text form: what ours are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Reference:
    """The ensemble in LightGBM's hands."""

    def __init__(self, text: str) -> None:
        self._booster: Any = lightgbm.Booster(model_str=text)

    def margins(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Return the sum of the leaves of each row."""
        found: NDArray[Any] = self._booster.predict(inputs, raw_score=True)
        return found

    def contributions(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Return its TreeSHAP of each row, the base value last."""
        found: NDArray[Any] = self._booster.predict(inputs, pred_contrib=True)
        return found
