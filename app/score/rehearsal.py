"""A payment scored without being remembered: its features from the accounts as they are, its score from what decides.

The payer's account may be on one worker and the payee's on another: the first gives its part of the row, the second
adds its own and scores. Nothing is sent and nothing is folded; a payment at the same moment may see another state.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from app.score.verdict import Verdict
from features import payee, payer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.views.worker import Worker
    from features.transaction import Transaction
    from models.scoring import Score


class Rehearsed(msgspec.Struct):
    """What a payment would be decided; `bucket` is what the budget would rank it by."""

    fraud_probability: float | None
    rules: tuple[str, ...]
    risk: int
    tier: str
    bucket: int

    @classmethod
    def of(cls, score: Score) -> Rehearsed:
        """Return what the wire carries of a score."""
        return cls(score.fraud_probability, score.rules, score.risk, score.tier, score.bucket)

    def verdict(self, txn: Transaction, threshold: int | None) -> Verdict:
        """Return the verdict under a budget whose lowest admitted bucket is `threshold`; None: no payment yet today."""
        should_alert = threshold is not None and self.bucket >= threshold
        amount = txn.amount_paise / 100
        return Verdict(
            txn.transaction_id,
            txn.payee_vpa,
            amount,
            self.fraud_probability,
            self.risk,
            self.tier,
            self.rules,
            should_alert,
            threshold,
        )


def payer_half(worker: Worker, partition: int, txn: Transaction) -> list[float] | None:
    """Return the payer's part of a payment's row; None where the account is not on this worker."""
    state = _state(worker, "transactions", partition, txn.payer_vpa)
    return None if state is None else payer.read(state, txn)


def decide(worker: Worker, partition: int, txn: Transaction, half: Sequence[float | None]) -> Rehearsed | None:
    """Return what a row that begins with the payer's half is worth; None where the payee is not on this worker."""
    state = _state(worker, "transactions-by-payee", partition, txn.payee_vpa)
    if state is None:
        return None
    row = [nan if value is None else value for value in half] + payee.read(state, txn)
    return Rehearsed.of(worker.scorer().score(np.array([row]))[0])


def _state(worker: Worker, topic: str, partition: int, vpa: str) -> Any:
    task = worker.open_partition(topic, partition)
    if task is None:
        return None
    state = task.table.peek(vpa.encode())
    return payer.empty() if state is None else state  # an account never seen is the same on either side
