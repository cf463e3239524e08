"""Which scores deserve one of a day's alerts, judged by what is still to come: the pure half of rank admission.

Three histograms over the 1,024 score buckets are compared: **history** (past days, decayed), **today**, and **recent**
(today, decayed to the last twentieth or so of a usual day).

1. *Demand* of a bucket: transactions at or above it that are still expected today, at the rate of recent and history.
2. The threshold is the lowest bucket whose demand the *supply* covers: unspent alerts and what the day still accrues.
3. **Missing** (`order`). If the best scores of a usual day have hardly been seen, they are taken to be late, not
   absent, and the demand becomes history's whole day less what was seen: alerts are kept for them (frauds of the last
   hour, rising scores). If instead scores pile up in lower buckets than usual, the score itself has changed: nothing
   is kept, and history counts for less.
4. **Used up** (`order`). If about as many of the best scores have come as a whole day brings, or far more than usual by
   now, the same day-long view says that they are over.
5. **Falling.** If today's best bucket has become rare, unspent alerts are spent sooner: nothing better is coming.
6. **Reserve.** Alerts accrue with every transaction, so one spent on a middling score is missing when the next good one
   comes: about 0.7 standard deviations of the coming demand are held back, all of it from a middling score, none from
   the best. The *ladder* says so: with n alerts unspent, the lowest bucket admitted is `ladder[n - 1]`.

The constants were chosen on simulated days, ordinary and adversarial: `docs/adr/0002-budget-admission.md`.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from budget.order import DayNow, Order, expected_demand, judge_order, lately_over_today, moved_part
from budget.tails import BUCKETS, MILLION, PART, RECENT_UNIT, TAIL_BITS, count_above, first_at_most, parts, ramp, tails

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE_ONE = 1 << 20
LADDER_MAX = 100
_HISTORY_WEIGHT_DIVISOR = 10
_FALLING = parts(0.60, 0.20)


class Forecast(NamedTuple):
    """Buckets above `bucket` pass, of those equal to it `share` of 2**20; the ladder may ask for more."""

    bucket: int
    share: int
    ladder: tuple[int, ...]


def forecast(history: NDArray[np.int64], today: NDArray[np.int64], recent: NDArray[np.int64], now: DayNow) -> Forecast:
    """Return what to admit until the next forecast.

    `today` is in transactions per bucket, `recent` in 1/1024 of one, `history` in any unit; each may be empty.

    >>> today = np.array([900] + [0] * 1022 + [100])
    >>> forecast(np.zeros(1024, np.int64), today, today * 1024, DayNow(1000, 1000, 50, 20, 50_000)).bucket
    1023
    """
    usual, seen_above, lately = tails(history), count_above(today), count_above(recent)
    moved = moved_part(usual, seen_above, now)
    weight = (now.seen + now.remaining) // _HISTORY_WEIGHT_DIVISOR * (PART - moved) // PART if usual[0] else 0
    rate = _blend(usual, weight, lately)
    order = judge_order(usual, seen_above, lately, now, moved) if usual[0] else Order(0, 0, 0)
    demand = expected_demand(usual, seen_above, rate * now.remaining, now, order)
    patient = max(order.missing, order.missing_very_best)
    falling = _falling(seen_above, lately, now) * (PART - patient) // PART
    reserve = _reserve(now, falling)
    bucket, share = _cut(demand, _supply(now, reserve, falling))
    return Forecast(bucket, share, _ladder(rate, now, reserve, bucket))


def _blend(usual: NDArray[np.int64], weight: int, lately: NDArray[np.int64]) -> NDArray[np.int64]:
    """Mix history's tails, worth `weight` transactions, with the recent ones."""
    count = int(lately[0]) // RECENT_UNIT
    recently = (lately << TAIL_BITS) // max(1, int(lately[0]))
    return (usual * weight + recently * count) // max(1, weight + count)


def _falling(seen_above: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow) -> int:
    """Say in parts how much rarer the scores that today's budget would have bought have lately become."""
    at = first_at_most(seen_above, now.rate_ppm * now.seen // MILLION)
    return ramp(lately_over_today(lately, seen_above, now.seen, at), _FALLING)


def _reserve(now: DayNow, falling: int) -> int:
    """Return the alerts to hold back from middling scores, in parts of one alert."""
    coming = now.rate_ppm * now.remaining * 3 // (4 * MILLION)
    deviation = isqrt(min(now.allowed, coming) * PART * PART)
    held = min(deviation * 7 // 10, now.allowed * PART // 10, LADDER_MAX * PART)
    return held * (PART - falling) // PART


def _supply(now: DayNow, reserve: int, falling: int) -> int:
    """Return the alerts for the rest of the day, unit 2**-24; as scores fall, unspent ones count up to fourfold."""
    unspent = now.unspent * PART
    free = max(0, unspent - reserve)
    in_parts = free * (PART + 3 * falling) // PART + min(unspent, reserve)
    return (in_parts << TAIL_BITS) // PART + (now.rate_ppm * now.remaining << TAIL_BITS) // MILLION


def _cut(demand: NDArray[np.int64], supply: int) -> tuple[int, int]:
    """Return the lowest bucket that the supply reaches and the share of it that passes."""
    monotone = np.maximum.accumulate(demand[::-1])[::-1]
    covered = int(np.searchsorted(-monotone, -supply))
    if covered == 0:
        return 0, SHARE_ONE
    above = int(monotone[covered]) if covered < BUCKETS else 0
    return covered - 1, (supply - above) * SHARE_ONE // (int(monotone[covered - 1]) - above)


def _ladder(rate: NDArray[np.int64], now: DayNow, reserve: int, bucket: int) -> tuple[int, ...]:
    """Return the lowest bucket admitted with 1, 2, ... alerts unspent, down to the threshold itself."""
    rate_tail = (now.rate_ppm << TAIL_BITS) // MILLION
    held = np.minimum(rate, rate_tail) * reserve // max(1, rate_tail * PART)
    steps = np.arange(int(held[bucket]) + 1)
    return tuple(max(bucket, int(step)) for step in np.searchsorted(-held, -steps))
