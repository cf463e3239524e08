"""Counts what was caught by kind of fraud, by value, by rule and by score, and how long accounts went unalerted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from budget.tails import BUCKETS

if TYPE_CHECKING:
    from backtest.decide import Block
    from features.transaction import Transaction

#: Lower ends of the bands of value, in rupees.
VALUE_BANDS = (0, 500, 2_000, 10_000, 50_000, 200_000)
UNNAMED = "fraud without a named type"


@dataclass(slots=True)
class Catch:
    """Frauds of one kind and those alerted, in numbers and paise."""

    frauds: int = 0
    caught: int = 0
    fraud_paise: int = 0
    caught_paise: int = 0

    def add(self, amount_paise: int, *, alerted: bool) -> None:
        """Count one fraud."""
        self.frauds += 1
        self.fraud_paise += amount_paise
        if alerted:
            self.caught += 1
            self.caught_paise += amount_paise


@dataclass(slots=True)
class RuleCount:
    """Payments that a rule hit: all, those with a verdict, frauds, alerts, and alerts that were frauds."""

    hits: int = 0
    labelled: int = 0
    frauds: int = 0
    alerts: int = 0
    caught: int = 0


@dataclass(slots=True)
class Exposure:
    """A fraud account: its first fraud, its first alert from then on, and what fraud moved before and from it on."""

    first_fraud_ms: int
    first_alert_ms: int | None = None
    lost_paise: int = 0
    from_alert_paise: int = 0


class Groups:
    """Every count that is no day's; memory grows with fraud accounts and kinds, not with payments."""

    def __init__(self) -> None:
        self.types: dict[str, Catch] = defaultdict(Catch)
        self.values: list[Catch] = [Catch() for _ in VALUE_BANDS]
        self.rules: dict[str, RuleCount] = defaultdict(RuleCount)
        self.payers: dict[str, Exposure] = {}
        self.payees: dict[str, Exposure] = {}
        self.frauds_by_bucket = np.zeros(BUCKETS, np.int64)
        self.honest_by_bucket = np.zeros(BUCKETS, np.int64)

    def add(self, block: Block) -> None:
        """Count a block."""
        fraud = block.frauds == 1
        self.frauds_by_bucket += np.bincount(block.buckets[fraud], minlength=BUCKETS)
        self.honest_by_bucket += np.bincount(block.buckets[block.frauds == 0], minlength=BUCKETS)
        for index in np.flatnonzero(fraud | block.alerted).tolist():
            row = block.rows[index]
            alerted = bool(block.alerted[index])
            if fraud[index]:
                amount = row.transaction.amount_paise
                self.types[row.fraud_type or UNNAMED].add(amount, alerted=alerted)
                self.values[band_of(amount)].add(amount, alerted=alerted)
            self._expose(row.transaction, is_fraud=bool(fraud[index]), alerted=alerted)
        for score, verdict, alerted in zip(block.scores, block.frauds.tolist(), block.alerted.tolist(), strict=True):
            for rule in score.rules:
                self._count_rule(self.rules[rule], verdict, alerted)

    @staticmethod
    def _count_rule(count: RuleCount, verdict: int, alerted: bool) -> None:
        count.hits += 1
        count.labelled += verdict >= 0
        count.frauds += verdict == 1
        count.alerts += alerted
        count.caught += alerted and verdict == 1

    def _expose(self, txn: Transaction, *, is_fraud: bool, alerted: bool) -> None:
        """Note a fraud or an alert on both accounts of a payment; alerts before a first fraud are none on it."""
        for accounts, vpa in ((self.payers, txn.payer_vpa), (self.payees, txn.payee_vpa)):
            exposure = accounts.get(vpa)
            if exposure is None:
                if not is_fraud:
                    continue
                exposure = accounts[vpa] = Exposure(txn.event_time_ms)
            if alerted and exposure.first_alert_ms is None:
                exposure.first_alert_ms = txn.event_time_ms
            if is_fraud and exposure.first_alert_ms is None:
                exposure.lost_paise += txn.amount_paise
            elif is_fraud:
                exposure.from_alert_paise += txn.amount_paise


def band_of(amount_paise: int) -> int:
    """Return the band of value of an amount.

    >>> band_of(499_99), band_of(500_00), band_of(10**10)
    (0, 1, 5)
    """
    rupees = amount_paise // 100
    return sum(rupees >= low for low in VALUE_BANDS) - 1


def band_text(band: int) -> str:
    """Return a band of value for people.

    >>> band_text(0), band_text(2), band_text(5)
    ('below ₹500', '₹2,000 to 10,000', 'from ₹200,000')
    """
    low = VALUE_BANDS[band]
    if band + 1 == len(VALUE_BANDS):
        return f"from ₹{low:,}"
    high = f"{VALUE_BANDS[band + 1]:,}"
    return f"₹{low:,} to {high}" if low else f"below ₹{high}"
