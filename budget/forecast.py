"""Which scores deserve one of a day's alerts, judged by what is still to come: the pure half of rank admission.

Three histograms over the 1,024 score buckets are compared: **history** (past days, decayed), **today**, and **recent**
(today, decayed to the last twentieth or so of a usual day). Everything is weighed as worth (`worth`): the chance that
an alert catches a fraud.

1. *Demand* of a bucket: transactions at or above it that are still expected today, at the rate of recent and history.
   Lately fewer counts in full, lately more only in part: a burst ends. The later it is, the less of what chance
   may keep away, the square root, is counted on: an alert unspent at midnight caught nothing. Not while the best are
   absent: those are late.
   A day larger than usual is not expected to bring more of history's best than a usual one: paydays do not.
2. **Used up** (`order`). If a whole day's best have come, or far more than usual by now, the demand becomes history's
   day less what was seen.
3. The *supply* is what is unspent and what the day still accrues; the bucket that it reaches has the price of **now**.
4. **Missing.** The same with what history's day still lacks added to the demand gives the price of **waiting**. An
   alert kept for what may never come is worth a part of the average alert kept (`order`); the price lies between the
   two accordingly, and never above that of waiting.
5. **Moved** (`order`). If scores pile up lower than usual, or more of them, and go on so, the score itself has changed:
   history counts for less.
6. **Floor.** No alert is spent on a score worth less than a quarter of an average alert, whatever is unspent: where
   frauds are rare most of the budget buys little, and a burst late in the day finds it unspent.
7. The last unspent alerts ask for more (`steady`). The *ladder* says so: with n alerts unspent, the lowest bucket
   admitted is `ladder[n - 1]`.
8. **Impatience.** What is worth within three hundredths of the price passes: a fraud in the hand.
9. **Falling.** Where scores have only fallen lately, what comes is worse than what is there: each alert is spent on the
   payment that it accrues with.

The constants were chosen on simulated days, ordinary and adversarial: `docs/adr/0002-budget-admission.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from budget.order import DayNow, absent_part, kept_part, moved_part, used_part
from budget.steady import steady, worth_above
from budget.tails import MILLION, PART, RECENT_UNIT, TAIL_BITS, count_above, tails
from budget.worth import WORTH_OF, bucket_worth

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_HISTORY_WEIGHT_DIVISOR = 25
_RISE_PART = 307
_FLOOR_PART = 256
_IMPATIENCE_PART = 31
_SPREAD_SHIFT = 12
_SUM_BITS_MAX = 30


class Forecast(NamedTuple):
    """With n alerts unspent, buckets from `ladder[n - 1]` on pass, with more from `bucket`, its last, on."""

    bucket: int
    ladder: tuple[int, ...]


def forecast(history: NDArray[np.int64], today: NDArray[np.int64], recent: NDArray[np.int64], now: DayNow) -> Forecast:
    """Return what to admit until the next forecast.

    `today` is in transactions per bucket, `recent` in 1/1024 of one, `history` in any unit; each may be empty.

    >>> today = np.array([900] + [0] * 1022 + [100])
    >>> forecast(np.zeros(1024, np.int64), today, today * 1024, DayNow(1000, 1000, 20, 50_000)).bucket > 500
    True
    """
    usual, seen_above, lately = tails(history), count_above(today), count_above(recent)
    if now.falling:
        return Forecast(0, (0,))
    if not usual[0]:
        rate = _recently(lately)
        return _admit(rate, WORTH_OF[_reached(rate * now.remaining, now)], now)
    moved, due = moved_part(usual, seen_above, lately, now), now.no_larger_than_usual()
    rate = _blend(usual, lately, now, moved)
    left = np.clip(usual * (due.seen + due.remaining) - (seen_above << TAIL_BITS), 0, now.remaining << TAIL_BITS)
    demand = rate * now.remaining
    demand += np.minimum(0, left - demand) // PART * used_part(usual, seen_above, lately, due)
    demand = _counted_on(demand, PART - absent_part(usual, seen_above, due, now.rate_tail), now)
    missing = np.maximum(0, left - demand) // PART * (PART - moved)
    price = _price(demand, missing, now, lambda bucket: kept_part(usual, seen_above, lately, due, bucket))
    floor = steady(usual, now.rate_tail, rungs=1).average * _FLOOR_PART // PART * (PART - moved) // PART
    return _admit(rate, max(price, floor), now)


def _counted_on(demand: NDArray[np.int64], part: int, now: DayNow) -> NDArray[np.int64]:
    """Return the demand that is nearly sure to come; `part` says how far the day is a usual one."""
    spread = np.sqrt(np.maximum(0, demand) >> _SPREAD_SHIFT).astype(np.int64) << (TAIL_BITS + _SPREAD_SHIFT) // 2
    doubted = part * now.seen // (now.seen + now.remaining)
    counted: NDArray[np.int64] = np.maximum(0, demand - spread // PART * doubted)
    return counted


def _recently(lately: NDArray[np.int64]) -> NDArray[np.int64]:
    tail: NDArray[np.int64] = (lately << TAIL_BITS) // max(1, int(lately[0]))
    return tail


def _blend(usual: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow, moved: int) -> NDArray[np.int64]:
    """Mix history's tails, worth a 25th of a day unless moved, with the recent ones."""
    weight = (now.seen + now.remaining) // _HISTORY_WEIGHT_DIVISOR * (PART - moved) // PART
    count = int(lately[0]) // RECENT_UNIT
    mixed = (usual * weight + _recently(lately) * count) // max(1, weight + count)
    trusted = _RISE_PART + (PART - _RISE_PART) * moved // PART
    rate: NDArray[np.int64] = usual + np.minimum(0, mixed - usual) + np.maximum(0, mixed - usual) * trusted // PART
    return rate


def _price(demand: NDArray[np.int64], missing: NDArray[np.int64], now: DayNow, kept_from: Callable[[int], int]) -> int:
    """Return what a score must be worth, between going on as now and waiting for what is missing."""
    at_once, waiting = _reached(demand, now), _reached(demand + missing, now)
    if waiting <= at_once:
        return WORTH_OF[at_once]
    kept = np.maximum.accumulate(missing[::-1])[::-1]
    kept >>= max(0, int(kept[0]).bit_length() - _SUM_BITS_MAX)
    average = int(worth_above(kept)[waiting]) // max(1, int(kept[waiting]))
    keep = kept_from(waiting)
    between = (average * keep + WORTH_OF[at_once] * (PART - keep)) // PART
    return max(WORTH_OF[at_once], min(WORTH_OF[waiting], between))


def _reached(demand: NDArray[np.int64], now: DayNow) -> int:
    """Return the lowest bucket that the alerts of the rest of the day reach, in part at least."""
    supply = (now.unspent << TAIL_BITS) + (now.rate_ppm * now.remaining << TAIL_BITS) // MILLION
    monotone = np.maximum.accumulate(demand[::-1])[::-1]
    return max(0, int(np.searchsorted(-monotone, -supply)) - 1)


def _admit(rate: NDArray[np.int64], price: int, now: DayNow) -> Forecast:
    """Return the ladder of a price."""
    patience = PART - _IMPATIENCE_PART
    rungs = [bucket_worth((price + more) * patience // PART) for more in steady(rate, now.rate_tail).above]
    ladder = (*rungs, bucket_worth(price * patience // PART))
    return Forecast(ladder[-1], ladder)
