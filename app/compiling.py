"""Compiles everything that runs per payment, or loads what was compiled before: ahead of the first payment.

`make setup` runs it, and a worker calls `compile_all` before it takes partitions.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numba
import numpy as np

from features import payee, payer, text
from features.transaction import Transaction, Verdict
from models.calibration import Calibration
from models.risk import combine
from models.trees import Ensemble

_TREE = """
Tree={number}
num_leaves=2
split_feature=0
threshold=0.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=0.1 0.2
"""


def compile_all() -> None:
    """Call every compiled function once, with the types that stages call it with."""
    txn = Transaction("t1", 1, 1, "a@x", "b@y", "d")
    verdict = Verdict("t1", 1, 1, "a@x", "b@y", is_fraud=True, label_time_ms=2, source="none")
    for side in (payer.PAYERS, payee.PAYEES):
        side.shrink(side.fold_verdict(side.fold(b"", txn), verdict), 3)
    text.rows_json(np.array([[0.5]]))
    row = np.array([[0.5]])
    small, large = _TREE.format(number=0), _chain(100)
    for tree in (small, large):
        Ensemble("max_feature_idx=0\n" + tree).margins(row)
    Calibration(low=1.0, high=1.0, intercept=0.0).probabilities(row[0])
    combine(0.5, 0)


def _chain(leaves: int) -> str:
    """Return a tree of so many leaves, each split sending one way what the next looks at."""
    inner = range(leaves - 1)
    left = [-1 - node for node in inner]
    right = [*inner[1:], -leaves]
    fields = {
        "num_leaves": [leaves],
        "split_feature": [0] * len(inner),
        "threshold": list(inner),
        "decision_type": [2] * len(inner),
        "left_child": left,
        "right_child": right,
        "leaf_value": [0] * leaves,
    }
    return "\nTree=0\n" + "\n".join(f"{name}={' '.join(map(str, values))}" for name, values in fields.items())


if __name__ == "__main__":
    if not any(Path(numba.config.CACHE_DIR).rglob("*.nbi")):
        sys.stdout.write("setup: compiling what runs per payment (half a minute)\n")
        sys.stdout.flush()
    compile_all()
