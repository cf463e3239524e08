"""Is a day only in another order than usual? What is missing then still comes, and what has all come is over.

A day's scores are compared with those of a usual day: "best" are those that the budget would buy on a usual day, "very
best" fewer still. The answer moves the expected demand between two views: the rest of the day goes on as lately, or the
day as a whole brings what days bring.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from budget.tails import MILLION, PART, RECENT_UNIT, TAIL_BITS, TAIL_ONE, first_at_most, parts, ramp

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Seen / expected, where the ramp is 0 and where it is full.
_MISSING_BEST = parts(0.45, 0.20)
_MISSING_WITH_VERY_BEST = parts(0.30, 0.15)
_MISSING_VERY_BEST = parts(0.50, 0.25)
_USED_EARLY = parts(5.0, 15.0)
_USED_FASTER = parts(1.3, 1.8)
_USED_WHOLE = parts(0.8, 1.0)
_USED_NOT_MORE = parts(1.6, 1.3)
_USED_LATELY = parts(0.9, 0.6)
_VERY_BEST_EXPECTED = 16
_VERY_BEST_KEPT_PERCENT = 25
_MOVED_RATES = 20


class DayNow(NamedTuple):
    """Where a day stands: transactions seen and expected to follow, alerts accrued and unspent, the rate."""

    seen: int
    remaining: int
    allowed: int
    unspent: int
    rate_ppm: int


class Order(NamedTuple):
    """How surely, in parts, the best scores are late, the very best are, and the best are over."""

    missing: int
    missing_very_best: int
    used: int


def judge_order(
    usual: NDArray[np.int64], seen_above: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow, moved: int
) -> Order:
    """Compare the best scores seen with those expected, by now and in the whole day.

    `usual` are history's tails (not empty), `seen_above` and `lately` the counts of today and of lately at or above
    each bucket. The very best are the level of which 16 are expected by now, from 3 % to 30 % of the budget: where
    frauds are rare most of the best are no frauds and never missing, but the very best are.
    """
    rate = (now.rate_ppm << TAIL_BITS) // MILLION
    level = max(rate * 3 // 100, min(rate * 30 // 100, (_VERY_BEST_EXPECTED << TAIL_BITS) // max(1, now.seen)))
    very_best = _ratio(seen_above, usual, level, now.seen)
    by_now = _ratio(seen_above, usual, rate, now.seen)
    of_day = _ratio(seen_above, usual, rate, now.seen + now.remaining)
    missing = max(ramp(by_now, _MISSING_BEST), ramp(very_best, _MISSING_WITH_VERY_BEST))
    whole = min(
        ramp(by_now, _USED_FASTER),
        ramp(of_day, _USED_WHOLE),
        ramp(of_day, _USED_NOT_MORE),
        ramp(lately_over_today(lately, seen_above, now.seen, first_at_most(usual, rate)), _USED_LATELY),
    )
    return Order(
        missing=missing * (PART - moved) // PART,
        missing_very_best=ramp(very_best, _MISSING_VERY_BEST) * (PART - moved) // PART,
        used=max(ramp(very_best, _USED_EARLY), whole),
    )


def lately_over_today(lately: NDArray[np.int64], seen_above: NDArray[np.int64], seen: int, bucket: int) -> int:
    """Return how often scores from this bucket on have come lately, over how often today as a whole, in parts."""
    recent = (int(lately[bucket]) + RECENT_UNIT) * seen
    average = int(lately[0]) * int(seen_above[bucket]) + RECENT_UNIT * seen
    return recent * PART // average if average else PART


def _ratio(seen_above: NDArray[np.int64], usual: NDArray[np.int64], level: int, count: int) -> int:
    """Return seen over expected among `count` transactions, from the bucket whose usual tail is `level`, in parts."""
    at = first_at_most(usual, level)
    return ((int(seen_above[at]) + 1) * PART << TAIL_BITS) // (int(usual[at]) * count + TAIL_ONE)


def moved_part(usual: NDArray[np.int64], seen_above: NDArray[np.int64], now: DayNow) -> int:
    """Say in parts how surely the scores themselves are others than history's, not merely late.

    Going down from the best bucket, the sum that is missing can only grow when frauds are late. When it shrinks by much
    of its height, what is missing has turned up lower (ties where there were none, a new model); when scores are in
    surplus that never were missing, history is no guide to the day's rates either.
    """
    lowest = max(0, first_at_most(usual, (now.rate_ppm << TAIL_BITS) // MILLION * _MOVED_RATES) - 1)
    missing = (usual[lowest:] * now.seen - (seen_above[lowest:] << TAIL_BITS))[::-1]
    height = np.maximum.accumulate(missing)
    drop = height - missing
    at = int(drop.argmax())
    noise = 3 * isqrt((int(usual[lowest]) * now.seen >> TAIL_BITS) + 1) << TAIL_BITS
    half = max(0, int(height[at])) // 2 + TAIL_ONE
    return min(PART, max(0, int(drop[at]) - noise) * PART // half)


def expected_demand(
    usual: NDArray[np.int64], seen_above: NDArray[np.int64], at_rate: NDArray[np.int64], now: DayNow, order: Order
) -> NDArray[np.int64]:
    """Return the transactions still expected at or above each bucket, in units of 2**-24, between the two views.

    `at_rate` is the first view. For the very best alone no more is kept than the day is short of above a quarter of the
    budget's level: room for a few frauds among many payments, while a day with fewer frauds still spends its budget.
    """
    left = usual * (now.seen + now.remaining) - (seen_above << TAIL_BITS)
    gap = np.clip(left, 0, now.remaining << TAIL_BITS) - at_rate
    more, less = np.maximum(gap, 0) // PART, np.minimum(gap, 0) // PART
    quarter = (now.rate_ppm << TAIL_BITS) // MILLION * _VERY_BEST_KEPT_PERCENT // 100
    few = np.minimum(more, int(more[first_at_most(usual, quarter)]))
    kept = np.maximum(more * order.missing, few * order.missing_very_best)
    demand: NDArray[np.int64] = at_rate + kept + less * order.used
    return demand
