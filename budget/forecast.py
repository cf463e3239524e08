"""Which scores deserve one of a day's alerts, judged by what is still to come: the pure half of rank admission.

Three histograms over the 1,024 score buckets are compared: **history** (past days, decayed), **today**, and **recent**
(today, decayed to the last twentieth or so of a usual day). A *tail* is the share of transactions at or above a bucket,
as an integer in units of 2**-24; all arithmetic is on integers, so every machine finds the same threshold. Counts up to
2**33 transactions a day stay within 64 bits.

1. *Demand* of a bucket: transactions at or above it that are still expected today, at the rate of recent and history.
2. The threshold is the lowest bucket whose demand the *supply* covers: unspent alerts + what the rest of the day accrues.
3. **Missing.** If the very best scores of a usual day have hardly been seen, they are taken to be late, not absent: the
   demand becomes history's whole day less what was seen, so that alerts are kept for them (frauds of the last hour,
   rising scores). If instead scores pile up in other buckets than usual, the score itself has changed: nothing is kept,
   and history counts for less.
4. **Used up.** If far more of the best scores than usual came early, the same day-long view says that they are over.
5. **Falling.** If today's best bucket has become rare, unspent alerts are spent sooner: nothing better is coming.
6. **Reserve.** Alerts accrue with every transaction, so one spent on a middling score is missing when the next good one
   comes: about 0.8 standard deviations of the coming demand are held back, all of it from a middling score, none from
   the best. The *ladder* says so: with n alerts unspent, the lowest bucket admitted is `ladder[n - 1]`.

The constants were chosen on simulated days, ordinary and adversarial: `docs/adr/0002-budget-admission.md`.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS = 1024
SHARE_ONE = 1 << 20
LADDER_MAX = 100
RECENT_UNIT = 1 << 10
"""What one transaction counts in the recent histogram, so that decay by integer division loses next to nothing."""

_TAIL_BITS = 24
_TAIL_ONE = 1 << _TAIL_BITS
_PART = 1024
"""Parts between 0 and 1 are integers of 0.._PART."""
_MILLION = 1_000_000
_HISTORY_WEIGHT_DIVISOR = 10
_MISSING_EXPECTED = 16
_MISSING_NONE, _MISSING_ALL = _PART * 35 // 100, _PART * 15 // 100
_USED_NONE, _USED_ALL = _PART * 5, _PART * 15
_FALLING_NONE, _FALLING_ALL = _PART * 60 // 100, _PART * 20 // 100
_MOVED_RATES = 20


class DayNow(NamedTuple):
    """Where a day stands: transactions seen and expected to follow, alerts accrued and unspent, the rate."""

    seen: int
    remaining: int
    allowed: int
    unspent: int
    rate_ppm: int


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
    usual, seen_above, lately = _shares(history), _above(today), _above(recent)
    rate_tail = (now.rate_ppm << _TAIL_BITS) // _MILLION
    moved = _moved(usual, seen_above, now.seen, rate_tail)
    weight = (now.seen + now.remaining) // _HISTORY_WEIGHT_DIVISOR * (_PART - moved) // _PART if usual[0] else 0
    rate = _blend(usual, weight, lately)
    demand = rate * now.remaining
    still = np.clip(usual * (now.seen + now.remaining) - (seen_above << _TAIL_BITS), 0, now.remaining << _TAIL_BITS)
    missing = used = 0
    if usual[0]:
        topmost = _topmost(usual, seen_above, now.seen, rate_tail)
        missing = _ramp(topmost, _MISSING_NONE, _MISSING_ALL) * (_PART - moved) // _PART
        used = _ramp(topmost, _USED_NONE, _USED_ALL)
    gap = still - demand
    demand = demand + (np.maximum(gap, 0) >> 10) * missing + (np.minimum(gap, 0) >> 10) * used
    falling = _falling(seen_above, lately, now, rate_tail) * (_PART - missing) // _PART
    reserve = _reserve(now, falling)
    bucket, share = _cut(demand, _supply(now, reserve, falling))
    return Forecast(bucket, share, _ladder(rate, rate_tail, reserve, bucket))


def _above(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts[::-1].cumsum()[::-1]


def _shares(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    above = _above(counts)
    above = above >> max(0, int(above[0]).bit_length() - 38)
    return (above << _TAIL_BITS) // max(1, int(above[0]))


def _blend(usual: NDArray[np.int64], weight: int, lately: NDArray[np.int64]) -> NDArray[np.int64]:
    """Mix history's tails, worth `weight` transactions, with the recent ones."""
    count = int(lately[0]) // RECENT_UNIT
    shares = (lately << _TAIL_BITS) // max(1, int(lately[0]))
    return (usual * weight + shares * count) // max(1, weight + count)


def _ramp(value: int, at_none: int, at_all: int) -> int:
    """Return 0 at `at_none`, `_PART` at `at_all`, straight between."""
    return min(_PART, max(0, (value - at_none) * _PART // (at_all - at_none)))


def _first_at_most(tails: NDArray[np.int64], limit: int) -> int:
    """Return the lowest bucket whose tail is at most `limit`, or the highest bucket."""
    return min(BUCKETS - 1, int(np.searchsorted(-tails, -limit)))


def _topmost(usual: NDArray[np.int64], seen_above: NDArray[np.int64], seen: int, rate_tail: int) -> int:
    """Compare the very best scores seen with those expected by now: a ratio in parts, 1,024 when as usual.

    "Very best" is the level of which 16 are expected by now, from 3 % to 30 % of the budget.
    """
    level = max(rate_tail * 3 // 100, min(rate_tail * 30 // 100, (_MISSING_EXPECTED << _TAIL_BITS) // max(1, seen)))
    at = _first_at_most(usual, level)
    expected = int(usual[at]) * seen
    return ((int(seen_above[at]) + 1) * _PART << _TAIL_BITS) // (expected + _TAIL_ONE)


def _moved(usual: NDArray[np.int64], seen_above: NDArray[np.int64], seen: int, rate_tail: int) -> int:
    """Say in parts how surely missing scores have turned up as a surplus in lower buckets: another score, not a lull.

    Going down from the best bucket, the sum that is missing can only grow when frauds are late; when it shrinks by much
    of its height, the scores were moved (ties where there were none, a new model).
    """
    lowest = max(0, _first_at_most(usual, rate_tail * _MOVED_RATES) - 1)
    missing = (usual[lowest:] * seen - (seen_above[lowest:] << _TAIL_BITS))[::-1]
    height = np.maximum.accumulate(missing)
    drop = height - missing
    at = int(drop.argmax())
    noise = 3 * isqrt((int(usual[lowest]) * seen >> _TAIL_BITS) + 1) << _TAIL_BITS
    half = max(0, int(height[at])) // 2 + _TAIL_ONE
    return min(_PART, max(0, int(drop[at]) - noise) * _PART // half)


def _falling(seen_above: NDArray[np.int64], lately: NDArray[np.int64], now: DayNow, rate_tail: int) -> int:
    """Say in parts how much rarer the scores that today's budget would have bought have lately become."""
    if now.seen == 0:
        return 0
    at = _first_at_most(seen_above, rate_tail * now.seen >> _TAIL_BITS)
    got = (int(lately[at]) + RECENT_UNIT) * now.seen
    usual = int(lately[0]) * int(seen_above[at]) + RECENT_UNIT * now.seen
    return _ramp(got * _PART // usual, _FALLING_NONE, _FALLING_ALL)


def _reserve(now: DayNow, falling: int) -> int:
    """Return the alerts to hold back from middling scores, in parts of one alert."""
    coming = now.rate_ppm * now.remaining * 3 // (4 * _MILLION)
    deviation = isqrt(min(now.allowed, coming) * _PART * _PART)
    held = min(deviation * 4 // 5, now.allowed * _PART * 15 // 100, LADDER_MAX * _PART)
    return held * (_PART - falling) // _PART


def _supply(now: DayNow, reserve: int, falling: int) -> int:
    """Return the alerts for the rest of the day, unit 2**-24; as scores fall, unspent ones count up to fourfold."""
    unspent = now.unspent * _PART
    free = max(0, unspent - reserve)
    in_parts = free * (_PART + 3 * falling) // _PART + min(unspent, reserve)
    return (in_parts << _TAIL_BITS) // _PART + (now.rate_ppm * now.remaining << _TAIL_BITS) // _MILLION


def _cut(demand: NDArray[np.int64], supply: int) -> tuple[int, int]:
    """Return the lowest bucket that the supply reaches and the share of it that passes."""
    monotone = np.maximum.accumulate(demand[::-1])[::-1]
    covered = int(np.searchsorted(-monotone, -supply))
    if covered == 0:
        return 0, SHARE_ONE
    above = int(monotone[covered]) if covered < BUCKETS else 0
    return covered - 1, (supply - above) * SHARE_ONE // (int(monotone[covered - 1]) - above)


def _ladder(rate: NDArray[np.int64], rate_tail: int, reserve: int, bucket: int) -> tuple[int, ...]:
    """Return the lowest bucket admitted with 1, 2, ... alerts unspent, down to the threshold itself."""
    held = np.minimum(rate, rate_tail) * reserve // max(1, rate_tail * _PART)
    steps = np.arange(int(held[bucket]) + 1)
    return tuple(max(bucket, int(step)) for step in np.searchsorted(-held, -steps))
