"""What every order of replay hands to the budget: payments with row and score, in the budget's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backtest.spend import OUTSIDE_BUDGET
from features.clock import ist_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtest.plan import Plan
    from models.scoring import Score
    from replay.history import HistoryRow
    from replay.recorded import Place

UNKNOWN = -1


class Judged(NamedTuple):
    """n payments with rows of features [n, F] and scores; `may_alert`: the candidate filter let it pass."""

    rows: list[HistoryRow]
    places: list[Place | None]
    features: NDArray[np.float64]
    scores: list[Score]
    days: list[int]
    may_alert: list[bool]


@dataclass(frozen=True, slots=True)
class Block:
    """n consecutive decisions: `features` is [n, F], `frauds` 1, 0 or -1 where no verdict is known."""

    rows: list[HistoryRow]
    places: list[Place | None]
    features: NDArray[np.float64]
    scores: list[Score]
    days: NDArray[np.int64]
    buckets: NDArray[np.int64]
    amounts_paise: NDArray[np.int64]
    frauds: NDArray[np.int8]
    alerted: NDArray[np.bool_]


def block_of(judged: Judged, alerted: NDArray[np.bool_]) -> Block:
    """Return decisions in columns."""
    rows = judged.rows
    return Block(
        rows=rows,
        places=judged.places,
        features=judged.features,
        scores=judged.scores,
        days=np.array(judged.days, np.int64),
        buckets=np.array([score.bucket for score in judged.scores], np.int64),
        amounts_paise=np.array([row.transaction.amount_paise for row in rows], np.int64),
        frauds=np.array([UNKNOWN if row.is_fraud is None else row.is_fraud for row in rows], np.int8),
        alerted=alerted,
    )


def day_of(row: HistoryRow, *, late: bool = False) -> int:
    """Return the IST day whose budget a payment counts in."""
    return OUTSIDE_BUDGET if late else ist_day(row.transaction.event_time_ms)


def is_decided(row: HistoryRow, plan: Plan) -> bool:
    """Tell whether a payment lies in the span that is decided."""
    time_ms = row.transaction.event_time_ms
    return (plan.since_ms is None or time_ms >= plan.since_ms) and (plan.until_ms is None or time_ms < plan.until_ms)
