"""Two ways to decide the same history, side by side: what the second alerts, catches and loses beside the first.

Rules, model and rate may differ; each side spends a budget of its own. Rows are the same on both sides, so payment by
payment it is known what each scored it and whether it alerted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backtest.days import Days
from backtest.run import Outcome, counted
from features.errors import BacktestError

if TYPE_CHECKING:
    from backtest.decide import Block
    from backtest.plan import Plan
    from models.scoring import Score, Scorer
    from replay.history import HistoryRow

SHOWN_MAX = 20


class Side(NamedTuple):
    """One way to decide."""

    plan: Plan
    scorer: Scorer


class Changed(NamedTuple):
    """A payment that only one side alerted, with what both scored it."""

    row: HistoryRow
    before: Score
    after: Score


@dataclass(slots=True)
class Alerts:
    """Alerts of one sort: all, with a verdict, frauds, and what these were worth."""

    alerts: int = 0
    labelled: int = 0
    frauds: int = 0
    fraud_paise: int = 0

    def add(self, block: Block, mine: np.ndarray) -> None:
        """Count those of a block that are marked."""
        self.alerts += int(mine.sum())
        self.labelled += int((block.frauds[mine] >= 0).sum())
        self.frauds += int((block.frauds[mine] == 1).sum())
        self.fraud_paise += int(block.amounts_paise[mine & (block.frauds == 1)].sum())


@dataclass(slots=True)
class Differences:
    """What the two sides alerted: both, the first alone (lost), the second alone (gained).

    `displaced` are those lost although they scored no lower: others took their place. `promoted` are those gained
    although they scored no higher: there was room. The cases are the frauds of most worth.
    """

    both: Alerts = field(default_factory=Alerts)
    gained: Alerts = field(default_factory=Alerts)
    lost: Alerts = field(default_factory=Alerts)
    displaced: Alerts = field(default_factory=Alerts)
    promoted: Alerts = field(default_factory=Alerts)
    scored_apart: int = 0
    gained_frauds: list[Changed] = field(default_factory=list)
    lost_frauds: list[Changed] = field(default_factory=list)

    def add(self, before: Block, after: Block) -> None:
        """Compare the same payments as both sides decided them."""
        gained, lost = after.alerted & ~before.alerted, before.alerted & ~after.alerted
        self.both.add(before, before.alerted & after.alerted)
        self.gained.add(before, gained)
        self.lost.add(before, lost)
        self.displaced.add(before, lost & (after.buckets >= before.buckets))
        self.promoted.add(before, gained & (after.buckets <= before.buckets))
        self.scored_apart += int((after.buckets != before.buckets).sum())
        self.gained_frauds = self._worst(self.gained_frauds, before, after, gained)
        self.lost_frauds = self._worst(self.lost_frauds, before, after, lost)

    @staticmethod
    def _worst(known: list[Changed], before: Block, after: Block, mine: np.ndarray) -> list[Changed]:
        """Return the frauds of most worth among those known and those marked, the largest first."""
        new = [
            Changed(before.rows[at], before.scores[at], after.scores[at])
            for at in np.flatnonzero(mine & (before.frauds == 1)).tolist()
        ]
        return nlargest(SHOWN_MAX, known + new, key=lambda changed: changed.row.transaction.amount_paise)


class WhatIf(NamedTuple):
    """What both sides came to, and how they differ."""

    before: Outcome
    after: Outcome
    differences: Differences


def compare(before: Side, after: Side) -> WhatIf:
    """Decide one history in two ways. Raises `BacktestError` if the sides do not replay the same payments."""
    outcomes = [Outcome(side.plan, side.scorer, Days(side.plan.rate_ppm)) for side in (before, after)]
    differences = Differences()
    for one, two in zip(*map(counted, outcomes), strict=True):
        if [row.transaction.transaction_id for row in one.rows] != [row.transaction.transaction_id for row in two.rows]:
            raise BacktestError("needed the same payments on both sides, got others: give both the same span and order")
        differences.add(one, two)
    return WhatIf(outcomes[0], outcomes[1], differences)
