"""Compiles everything that runs per payment, or loads what was compiled before: ahead of the first payment.

`make setup` runs it, and a worker calls `compile_all` before it takes partitions.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from agents.bundle import decode_bundle
from agents.bundling import Entries
from agents.decision import NO_MODEL, Places, decisions_json
from agents.places import homes_in
from agents.reading import Records
from agents.work import Work
from app.transport.own_appends import Appended
from features import payee, payer, text
from features.blocks import renumbered
from features.events import payment_event, to_events
from features.evidence import Before
from features.murmur import murmur2
from features.numba_alone import numba
from features.processed import Lane
from features.transaction import Transaction, Verdict
from features.vector import FEATURE_COUNT
from models.calibration import Calibration
from models.risk import combine
from models.scoring import Score, Scores
from models.trees import Ensemble
from rules.program import Program
from tables.record_batch import batches

#: Enough that a payer and a payee live in different ones.
_PARTITIONS = 64

_TREE = """
Tree={number}
num_leaves=2
split_feature=0
threshold=0.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=0.1 0.2
internal_count=3
leaf_count=1 2
"""


def compile_all() -> None:
    """Call every compiled function once, with the types that stages call it with."""
    txn = Transaction("t1", 1, 1, "a@x", "b@y", "d")
    verdict = Verdict("t1", 1, 1, "a@x", "b@y", is_fraud=True, label_time_ms=2, source="none")
    for side in (payer.PAYERS, payee.PAYEES):
        state = side.shrink(side.fold_verdict(side.fold(b"", txn), verdict), 3)
        side.shrink_all([state], 3)
        side.may_vanish(state, 3)
        side.summary(state, 3)
    paid = to_events([payment_event(txn, 0, 1)])
    renumbered(paid)
    Before([state], paid, np.array([0]), [Lane(1, 3)]).evidence([0])
    text.rows_json(np.array([[0.5]]))
    murmur2(b"a@x")
    _compile_stages()
    row = np.array([[0.5]])
    small, large = _TREE.format(number=0), _chain(100)
    for tree in (small, large):
        Ensemble("max_feature_idx=0\n" + tree).margins(row)
    Ensemble("max_feature_idx=0\n" + small).contributions(row)
    Calibration(low=1.0, high=1.0, intercept=0.0).probabilities(row[0])
    combine(0.5, 0)
    Program.of([]).hits(np.empty((1, FEATURE_COUNT)))


def _compile_stages() -> None:
    """Bring a payment through both stages, to its decision and what is sent of it."""
    payment = b'{"transaction_id":"t1","event_time":1,"amount":1,"payer_vpa":"a@x","payee_vpa":"b@y"}'
    read = Records([Appended(0, 1, b"a@x", payment)], homes_in(_PARTITIONS))
    entries = Entries([(0, read, 0, 1)], np.array([0]))
    paid = payer.PAYERS.process_lanes([b""], entries.events, [Lane(1, -1)])
    work = Work()
    for partition, bundle in enumerate(entries.bundles(paid)):  # the payment, and the debit of an account never paid
        work.open(partition)
        work.add(decode_bundle(bundle.value), {})
    closed = work.close()
    taken = payee.PAYEES.process_lanes([b"", b""], closed.events, [Lane(end, -1) for end in closed.event_ends])
    rows, decisions = work.rows(taken.rows), closed.decisions
    scores = Scores.of([Score(None, 0, (), 0, "LOW", 0)])
    places = Places(np.zeros(1, np.int64), np.zeros(1, np.int64))
    values = decisions_json(decisions, scores, rows, (NO_MODEL, NO_MODEL), places)
    keys = decisions.payer_keys().chosen(np.array([0]))
    for texts in (values, keys):
        list(batches([(keys, texts)], bytes_max=1_000, transactional=False))


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
