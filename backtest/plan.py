"""What a backtest is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from replay.history import LABEL_DELAY_MS

if TYPE_CHECKING:
    from pathlib import Path

RATE_PPM = 5_000
PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """A replay of `history`; `since_ms` (inclusive) to `until_ms` (exclusive) is decided, what is before only folded.

    `partitions` is that of the deployment: each payee partition has a candidate filter of its own. `warm` False leaves
    out what is before `since_ms`, as if the deployment had begun there. `recorded` None: in the recorded order where
    the history carries one, else in event-time order. `processes` 2: another one reads the history and makes features,
    which changes no answer; the recorded order takes one.
    """

    history: Path
    since_ms: int | None = None
    until_ms: int | None = None
    rate_ppm: int = RATE_PPM
    partitions: int = PARTITIONS
    label_delay_ms: int = LABEL_DELAY_MS
    warm: bool = True
    recorded: bool | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What an alert is taken to bring and to cost, in rupees.

    A reviewed alert on a fraud stops `stopped_share` of its amount; each alert costs `review_rupees` of an analyst's
    time, and one on an honest payment `friction_rupees` more: a delayed customer and his call.
    """

    stopped_share: float = 0.8
    review_rupees: float = 60.0
    friction_rupees: float = 40.0
