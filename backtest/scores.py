"""Writes the scores file: one row per decision, its verdict, its alert and every feature, in Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import BacktestError
from features.vector import FEATURE_NAMES

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from backtest.decide import Block

SCHEMA = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("event_time", pa.int64()),
        ("score", pa.float64()),
        ("rule_score", pa.int32()),
        ("rules", pa.list_(pa.string())),
        ("risk", pa.int32()),
        ("risk_tier", pa.string()),
        ("bucket", pa.int32()),
        ("alerted", pa.bool_()),
        ("is_fraud", pa.int8()),
        ("fraud_type", pa.string()),
        *((name, pa.float64()) for name in FEATURE_NAMES),
    ]
)
"""`event_time` is epoch ms, `score` the fraud probability (null without a model), features in registry order."""


class ScoresFile:
    """Takes decisions block by block; the file appears under its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise BacktestError(f"needed an existing folder for the scores file, got {path.parent}: create it")
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._writer = pq.ParquetWriter(self._partial, SCHEMA, compression="zstd", compression_level=1)

    def add(self, block: Block) -> None:
        """Append the decisions of a block."""
        transactions = [row.transaction for row in block.rows]
        scores = block.scores
        frauds = block.frauds
        columns = [
            pa.array([txn.transaction_id for txn in transactions]),
            pa.array([txn.event_time_ms for txn in transactions], pa.int64()),
            pa.array([score.fraud_probability for score in scores], pa.float64()),
            pa.array([score.rule_score for score in scores], pa.int32()),
            pa.array([list(score.rules) for score in scores], pa.list_(pa.string())),
            pa.array([score.risk for score in scores], pa.int32()),
            pa.array([score.tier for score in scores], pa.string()),
            pa.array(block.buckets.astype(np.int32)),
            pa.array(block.alerted),
            pa.array(frauds, mask=frauds < 0),
            pa.array([row.fraud_type for row in block.rows], pa.string()),
            *(pa.array(np.ascontiguousarray(column)) for column in block.features.T),
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=SCHEMA))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)
