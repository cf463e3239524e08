"""What training learns from: one row of features per payment whose label was known in time.

Rows are gathered in blocks, so that a million payments of 60 features cost half a gigabyte and not a list of lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.vector import FEATURE_COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK_ROWS = 8_192


class Dataset(NamedTuple):
    """n labelled payments: `rows` [n, F] in registry order, `labels` 0 or 1, `event_time_ms`, and the label delay.

    `kinds` names the fraud of each payment where the history does, None elsewhere.
    """

    rows: NDArray[np.float64]
    labels: NDArray[np.int8]
    event_time_ms: NDArray[np.int64]
    label_delay_ms: int
    kinds: NDArray[np.object_] | None = None


class DatasetBuilder:
    """Collects labelled payments one by one; `label_delay_ms` becomes the median delay of the labels seen."""

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.float64]] = []
        self._pending: list[NDArray[np.float64]] = []
        self._labels: list[int] = []
        self._times: list[int] = []
        self._delays: list[int] = []
        self._kinds: list[str | None] = []

    def add(
        self,
        row: NDArray[np.float64],
        *,
        is_fraud: bool,
        event_time_ms: int,
        label_time_ms: int,
        fraud_type: str | None = None,
    ) -> None:
        """Take one payment's F features and its label."""
        self._pending.append(row)
        self._labels.append(int(is_fraud))
        self._times.append(event_time_ms)
        self._delays.append(label_time_ms - event_time_ms)
        self._kinds.append(fraud_type if is_fraud else None)
        if len(self._pending) == _BLOCK_ROWS:
            self._close_block()

    def finish(self) -> Dataset:
        """Return all that was added."""
        self._close_block()
        rows = np.concatenate(self._blocks) if self._blocks else np.empty((0, FEATURE_COUNT))
        delay = int(np.median(self._delays)) if self._delays else 0
        labels, times = np.array(self._labels, dtype=np.int8), np.array(self._times, dtype=np.int64)
        kinds = np.array(self._kinds, dtype=np.object_) if any(self._kinds) else None
        return Dataset(rows, labels, times, delay, kinds)

    def _close_block(self) -> None:
        if self._pending:
            self._blocks.append(np.array(self._pending))
            self._pending.clear()
