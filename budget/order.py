"""Is a day only in another order than usual, or are its scores others? What the forecast asks before it trusts history.

A day's scores are compared with those of a usual day: "best" are those that the budget would buy on a usual day, "very
best" fewer still.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from budget.tails import MILLION, PART, RECENT_UNIT, TAIL_BITS, TAIL_ONE, first_at_most, parts, ramp
from budget.worth import WORTH_OF

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Seen / expected, where the ramp is 0 and where it is full.
_ABSENT = parts(0.6, 0.4)
# Worth of the best seen / of the best usually.
_POORER = parts(0.85, 0.65)
_PROVEN_EXPECTED = 30
_GONE_EXPECTED = 5
_KEEP_PART, _KEEP_ABSENT_PART = 307, 973
_USED_EARLY = parts(5.0, 15.0)
_USED_FASTER = parts(1.3, 1.8)
_USED_WHOLE = parts(0.8, 1.0)
_USED_NOT_MORE = parts(1.6, 1.3)
_USED_LATELY = parts(0.9, 0.6)
_VERY_BEST_EXPECTED = 16
_MOVED_RATES = 20
_MOVED_FULL_AFTER = 8
# Surplus lately / surplus today.
_GOES_ON = parts(0.4, 0.8)


class DayNow(NamedTuple):
    """Where a day stands: transactions seen and expected to follow, alerts unspent, the rate, do scores only fall.

    `usually` is how many a usual day brings; 0 where that is not known.
    """

    seen: int
    remaining: int
    unspent: int
    rate_ppm: int
    falling: bool = False
    usually: int = 0

    @property
    def rate_tail(self) -> int:
        """The rate as a tail: the best of a day that the budget could buy if it came to choose at its end."""
        return max(1, (self.rate_ppm << TAIL_BITS) // MILLION)

    def no_larger_than_usual(self) -> DayNow:
        """Return the day as if it brought no more transactions than a usual one: payday does not make more frauds.

        >>> now = DayNow(seen=6_000, remaining=6_000, unspent=0, rate_ppm=5_000, usually=8_000)
        >>> now.no_larger_than_usual()[:2], now._replace(usually=20_000).no_larger_than_usual()[:2]
        ((4000, 4000), (6000, 6000))
        """
        size = self.seen + self.remaining
        if not 0 < self.usually < size:
            return self
        seen = self.seen * self.usually // size
        return self._replace(seen=seen, remaining=self.usually - seen)


def kept_part(
    usual: NDArray[np.int64], seen_above: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow, bucket: int
) -> int:
    """Say in parts of the average alert what one is worth that is kept for scores, from this bucket on, still missing.

    The more nearly none have come that should have come by now, the more. Where few should have come, that none did
    proves little: on small days frauds come in clumps. That none have come lately counts for half: bursts have gaps.
    """
    level = min(now.rate_tail, int(usual[bucket]))
    absent = max(absent_part(usual, seen_above, now, level), _gone_part(usual, lately, level) // 2)
    expected = level * now.seen >> TAIL_BITS
    kept = _KEEP_PART + (_KEEP_ABSENT_PART - _KEEP_PART) * absent // PART
    return kept * min(PART, expected * PART // _PROVEN_EXPECTED) // PART


def absent_part(usual: NDArray[np.int64], seen_above: NDArray[np.int64], now: DayNow, level: int) -> int:
    """Say in parts how nearly none of the best scores, of this usual tail, have come that should have come by now.

    None are absent where the best that did come are worth nearly as much: then the day's scores are lower, not late.
    """
    best = WORTH_OF[first_at_most(seen_above, now.seen * now.rate_tail >> TAIL_BITS)]
    usually = WORTH_OF[first_at_most(usual, now.rate_tail)]
    return min(ramp(_ratio(seen_above, usual, level, now.seen), _ABSENT), ramp(best * PART // usually, _POORER))


def _gone_part(usual: NDArray[np.int64], lately: NDArray[np.int64], level: int) -> int:
    """Say in parts how nearly none of the best scores have come lately; where few should have, that proves little."""
    count = int(lately[0]) // RECENT_UNIT
    gone = ramp(_ratio(lately // RECENT_UNIT, usual, level, count), _ABSENT)
    return gone * min(PART, (level * count >> TAIL_BITS) * PART // _GONE_EXPECTED) // PART


def used_part(usual: NDArray[np.int64], seen_above: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow) -> int:
    """Say in parts how surely the day's best are over: a whole day of them has come, or far more than usual by now.

    `usual` are history's tails (not empty), `seen_above` and `lately` the counts of today and of lately at or above
    each bucket. The very best are the level of which 16 are expected by now, from 3 % to 30 % of the budget.
    """
    rate = now.rate_tail
    level = max(rate * 3 // 100, min(rate * 30 // 100, (_VERY_BEST_EXPECTED << TAIL_BITS) // max(1, now.seen)))
    of_day = _ratio(seen_above, usual, rate, now.seen + now.remaining)
    whole = min(
        ramp(_ratio(seen_above, usual, rate, now.seen), _USED_FASTER),
        ramp(of_day, _USED_WHOLE),
        ramp(of_day, _USED_NOT_MORE),
        ramp(_lately_over_today(lately, seen_above, first_at_most(usual, rate)), _USED_LATELY),
    )
    return max(ramp(_ratio(seen_above, usual, level, now.seen), _USED_EARLY), whole)


def moved_part(usual: NDArray[np.int64], seen_above: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow) -> int:
    """Say in parts how surely the scores themselves are others than history's, not merely late or early.

    Going down from the best bucket, the sum that is missing can only grow when frauds are late. When it shrinks by much
    of its height, what is missing has turned up lower (ties where there were none, a new model); when scores are in
    surplus that never were missing, history is no guide to the day's rates either. A day just begun proves little, and
    a surplus that lately does not go on was a burst.
    """
    lowest = max(0, first_at_most(usual, now.rate_tail * _MOVED_RATES) - 1)
    missing = (usual[lowest:] * now.seen - (seen_above[lowest:] << TAIL_BITS))[::-1]
    height = np.maximum.accumulate(missing)
    drop = height - missing
    at = int(drop.argmax())
    noise = 3 * isqrt((int(usual[lowest]) * now.seen >> TAIL_BITS) + 1) << TAIL_BITS
    half = max(0, int(height[at])) // 2 + TAIL_ONE
    found = min(PART, max(0, int(drop[at]) - noise) * PART // half)
    if found:
        low, high = len(usual) - 1 - at, len(usual) - 1 - int(missing[: at + 1].argmax())
        found = found * _goes_on(usual, seen_above, lately, slice(low, high if height[at] > 0 else None)) // PART
    return found * min(PART, now.seen * PART * _MOVED_FULL_AFTER // max(1, now.seen + now.remaining)) // PART


def _goes_on(usual: NDArray[np.int64], seen_above: NDArray[np.int64], lately: NDArray[np.int64], buckets: slice) -> int:
    """Say in parts how nearly a surplus of today's scores in these buckets is as large lately as over the whole day."""

    def surplus(above: NDArray[np.int64]) -> int:
        return (_within(above, buckets) << TAIL_BITS) // max(1, int(above[0])) - _within(usual, buckets)

    return ramp(surplus(lately) * PART // max(1, surplus(seen_above)), _GOES_ON)


def _within(above: NDArray[np.int64], buckets: slice) -> int:
    """Return how many of what is counted at or above each bucket lies within some."""
    return int(above[buckets.start]) - (0 if buckets.stop is None else int(above[buckets.stop]))


def _lately_over_today(lately: NDArray[np.int64], seen_above: NDArray[np.int64], bucket: int) -> int:
    """Return how often scores from this bucket on have come lately, over how often today as a whole, in parts."""
    seen = int(seen_above[0])
    recent = (int(lately[bucket]) + RECENT_UNIT) * seen
    average = int(lately[0]) * int(seen_above[bucket]) + RECENT_UNIT * seen
    return recent * PART // average if average else PART


def _ratio(seen_above: NDArray[np.int64], usual: NDArray[np.int64], level: int, count: int) -> int:
    """Return seen over expected among `count` transactions, from the bucket whose usual tail is `level`, in parts."""
    at = first_at_most(usual, level)
    return ((int(seen_above[at]) + 1) * PART << TAIL_BITS) // (int(usual[at]) * count + TAIL_ONE)
