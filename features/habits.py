"""What is usual for an account, and how far a payment is from it: amounts, pace, hours, the other party.

All of it over the payments of 30 d that the ring holds, which is all of them for an account with up to 256; means and
counts add what was pushed out. NaN where there is nothing to compare with.
"""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING

from features.clock import DAY_MS, HOUR_MS
from features.compiled import compiled
from features.events import AMOUNT_PAISE, PARTY, TIME_MS
from features.layout import AMOUNTS, PARTIES, TIMES, WINDOW_COUNT
from features.reading import PAISE, age_days, largest_paise
from features.windows import BOUNDS, COUNTS, IN_RING, NEWS, SUMS_PAISE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.events import Events
    from features.sketch import Account
    from features.windows import Tally

DAY, WEEK, MONTH = WINDOW_COUNT - 3, WINDOW_COUNT - 2, WINDOW_COUNT - 1
MONTH_DAYS = 30.0
SPREAD_FLOOR = 0.01
"""Of the mean: somebody who always pays the same has no spread, and a rupee more is no wonder."""

NEAR_BITS = 27
"""Squares of so many bits, as many as the ring has payments, add up in a word: of distances up to 1.3 M rupees."""

# The places in what `read_habits` fills.
MEAN = 0
SPREAD = 1
DEVIATION = 2
RANK = 3
TREND_7D = 4
LARGEST_7D = 5
PACE = 6
HOUR_SHARE = 7
NEW_SHARE = 8
OVER_PARTY_MEAN = 9
PARTY_SHARE = 10
WIDTH = 11


@compiled
def read_habits(account: Account, event: Events, tally: Tally, own: NDArray[np.float64]) -> None:
    """Fill `own`, WIDTH long, for a payment; `tally` is of the account before it."""
    own[:] = nan
    count = tally[COUNTS, MONTH]
    if not count:
        return
    mean_paise = tally[SUMS_PAISE, MONTH] / count
    own[MEAN] = mean_paise / PAISE
    own[PACE] = (tally[COUNTS, DAY] + 1) * min(max(age_days(account, event[TIME_MS]), 1.0), MONTH_DAYS) / count
    if tally[COUNTS, WEEK]:
        own[TREND_7D] = tally[SUMS_PAISE, WEEK] / tally[COUNTS, WEEK] / mean_paise
        end = tally[BOUNDS, 1]
        own[LARGEST_7D] = largest_paise(account, end - tally[IN_RING, WEEK], end) / mean_paise
    if tally[IN_RING, MONTH]:
        _read_shares(account, event, tally, own)
        _read_spread(account, event[AMOUNT_PAISE], tally, own)


@compiled
def _read_shares(account: Account, event: Events, tally: Tally, own: NDArray[np.float64]) -> None:
    """Put which shares of the payments were smaller, at this hour, with a new party, with this party."""
    start, end = tally[BOUNDS, 0], tally[BOUNDS, 1]
    amounts, parties = account[AMOUNTS + start : AMOUNTS + end], account[PARTIES + start : PARTIES + end]
    smaller, same, same_paise = 0, 0, 0
    for at in range(len(amounts)):
        is_same = parties[at] == event[PARTY]
        smaller += amounts[at] < event[AMOUNT_PAISE]
        same += is_same
        same_paise += amounts[at] * is_same
    count, near = tally[IN_RING, MONTH], _count_near(account[TIMES + start : TIMES + end], event[TIME_MS])
    own[RANK], own[HOUR_SHARE], own[NEW_SHARE] = smaller / count, near / count, tally[NEWS, MONTH] / count
    own[PARTY_SHARE] = same / count
    if same:
        own[OVER_PARTY_MEAN] = event[AMOUNT_PAISE] * same / same_paise


@compiled
def _count_near(times_ms: NDArray[np.int64], time_ms: int) -> int:
    """Return how many of these times, which rise, are at most an hour from a later one's time of day.

    >>> import numpy as np
    >>> _count_near(np.array([0, 22, 23, 26, 46]) * HOUR_MS, 47 * HOUR_MS)
    4
    """
    near, reach_ms = 0, HOUR_MS  # how far back the times of one day are near
    for at in range(len(times_ms) - 1, -1, -1):
        age_ms = time_ms - times_ms[at]
        while age_ms > reach_ms:
            reach_ms += DAY_MS
        near += age_ms >= reach_ms - 2 * HOUR_MS
    return near


@compiled
def _read_spread(account: Account, amount_paise: int, tally: Tally, own: NDArray[np.float64]) -> None:
    """Put the standard deviation of the amounts, and this one's distance from their mean in such deviations."""
    count, total = tally[IN_RING, MONTH], 0
    if count < 2:
        return
    amounts = account[AMOUNTS + tally[BOUNDS, 0] : AMOUNTS + tally[BOUNDS, 1]]
    for paise in amounts:
        total += paise
    mean, near_mean = total / count, total // count
    spread = sqrt((_squares(amounts, near_mean) - (total - near_mean * count) ** 2 / count) / (count - 1))
    own[SPREAD] = spread / PAISE
    own[DEVIATION] = (amount_paise - mean) / (spread + SPREAD_FLOOR * mean)


@compiled
def _squares(amounts: NDArray[np.int64], near_paise: int) -> float:
    """Return the squared distances from a whole number, added up exactly: payments of one time may stand in any order.

    >>> import numpy as np
    >>> _squares(np.array([1, 2, 3, 4, 10]), 4), _squares(np.array([10**12, 3]), 0) == 1e24
    (50.0, True)
    """
    squares, any_far = 0, 0
    for at in range(len(amounts)):
        off = abs(amounts[at] - near_paise)
        squares += off * off
        any_far |= off
    if any_far < 1 << NEAR_BITS:
        return float(squares)
    low, between, high = 0, 0, 0
    for at in range(len(amounts)):
        off = abs(amounts[at] - near_paise)
        rest, whole = off & (1 << NEAR_BITS) - 1, off >> NEAR_BITS
        low += rest * rest
        between += rest * whole
        high += whole * whole
    return high * 2.0 ** (2 * NEAR_BITS) + between * 2.0 ** (NEAR_BITS + 1) + float(low)
