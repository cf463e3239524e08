"""What the payee stage hands to the budget stage: a run of decisions of one payee partition.

A run carries the IST day and score bucket of every payment, and whole only those that may become alerts: the budget
counts all and ranks all, and little goes over the wire. `sequence` is the payee partition's count of decisions; the
budget stage skips by it. A late payment keeps its place in the sequence with the day `OUTSIDE_BUDGET`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from agents.versioned import decode_versioned
from features.evidence import Evidence
from features.transaction import Transaction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from agents.decided import Decided, Decisions
    from features.evidence import Before
    from models.scoring import Score, Scores

RUN_VERSION = 1
OUTSIDE_BUDGET = -1


class Candidate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decision that may become an alert, with all that its reasons need."""

    sequence: int
    transaction: Transaction
    features: list[float]
    fraud_probability: float | None
    rule_score: int
    rules: tuple[str, ...]
    risk: int
    risk_tier: str
    payer_partition: int
    payer_offset: int
    evidence: list[Evidence] = []


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Consecutive decisions of one payee partition; `days` and `buckets` are of the same length."""

    version: int
    payee_partition: int
    first_sequence: int
    model_version: str
    rules_version: str
    days: list[int]
    buckets: list[int]
    candidates: list[Candidate]


def candidates_of(
    passing: list[int],
    sequences: NDArray[np.int64],
    decided: tuple[Decisions, NDArray[np.float64], Scores],
    before: Before,
) -> list[Candidate]:
    """Return the payments at the places `passing` of those decided, with their evidence; rows and scores stand beside.

    `before` is what the payee stage knew before the part.
    """
    decisions, rows, scores = decided
    return [
        _candidate(int(sequences[at]), decisions.one(at), rows[at].tolist(), scores.one(at), evidence)
        for at, evidence in zip(passing, before.evidence(passing), strict=True)
    ]


def _candidate(
    sequence: int, decided: Decided, features: list[float], score: Score, evidence: list[Evidence]
) -> Candidate:
    return Candidate(
        sequence,
        decided.transaction,
        features,
        score.fraud_probability,
        score.rule_score,
        score.rules,
        score.risk,
        score.tier,
        decided.source,
        decided.offset,
        evidence,
    )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Run)


def encode_run(run: Run) -> bytes:
    """Return the bytes of a run.

    >>> decode_run(encode_run(Run(RUN_VERSION, 0, 5, "m", "r", [20_000], [17], []))).first_sequence
    5
    """
    return _encoder.encode(run)


def decode_run(value: bytes) -> Run:
    """Return the run of these bytes; raises `StateCodecError` for anything that is no run of this version."""
    return decode_versioned(_decoder, value, kind="run", version=RUN_VERSION, topic="candidates")
