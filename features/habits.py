"""What is usual for an account, and how far a payment is from it: amounts, pace, hours, the other party.

All of it over the payments of 30 d that the ring holds, which is all of them for an account with up to 256; means and
counts add what was pushed out. NaN where there is nothing to compare with.
"""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS
from features.compiled import compiled
from features.events import AMOUNT_PAISE, PARTY, TIME_MS
from features.layout import AMOUNTS, FLAGS, NEW, PARTIES, TIMES, WINDOW_COUNT
from features.reading import PAISE, age_days
from features.windows import BOUNDS, COUNTS, IN_RING, SUMS_PAISE

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
        own[LARGEST_7D] = _largest(account, tally) / mean_paise
    if tally[IN_RING, MONTH]:
        _read_shares(account, event, tally, own)
        _read_spread(account, event[AMOUNT_PAISE], tally, own)


@compiled
def _largest(account: Account, tally: Tally) -> int:
    """Return the largest amount of 7 d in the ring, in paise."""
    largest, end = 0, tally[BOUNDS, 1]
    for at in range(end - tally[IN_RING, WEEK], end):
        largest = max(largest, account[AMOUNTS + at])
    return largest


@compiled
def _read_shares(account: Account, event: Events, tally: Tally, own: NDArray[np.float64]) -> None:
    """Put which shares of the payments were smaller, at this hour, with a new party, with this party."""
    smaller, near, news, same, same_paise = 0, 0, 0, 0, 0
    of_day_ms = (event[TIME_MS] + IST_OFFSET_MS) % DAY_MS
    for at in range(tally[BOUNDS, 0], tally[BOUNDS, 1]):
        smaller += account[AMOUNTS + at] < event[AMOUNT_PAISE]
        apart_ms = abs((account[TIMES + at] + IST_OFFSET_MS) % DAY_MS - of_day_ms)
        near += min(apart_ms, DAY_MS - apart_ms) <= HOUR_MS
        news += account[FLAGS + at] & NEW
        if account[PARTIES + at] == event[PARTY]:
            same += 1
            same_paise += account[AMOUNTS + at]
    count = tally[IN_RING, MONTH]
    own[RANK], own[HOUR_SHARE], own[NEW_SHARE] = smaller / count, near / count, news / count
    own[PARTY_SHARE] = same / count
    if same:
        own[OVER_PARTY_MEAN] = event[AMOUNT_PAISE] * same / same_paise


@compiled
def _read_spread(account: Account, amount_paise: int, tally: Tally, own: NDArray[np.float64]) -> None:
    """Put the standard deviation of the amounts, and this one's distance from their mean in such deviations."""
    count, total, squares = tally[IN_RING, MONTH], 0, 0.0
    if count < 2:
        return
    for at in range(AMOUNTS + tally[BOUNDS, 0], AMOUNTS + tally[BOUNDS, 1]):
        total += account[at]
    mean = total / count
    for at in range(AMOUNTS + tally[BOUNDS, 0], AMOUNTS + tally[BOUNDS, 1]):
        squares += (account[at] - mean) ** 2
    spread = sqrt(squares / (count - 1))
    own[SPREAD] = spread / PAISE
    own[DEVIATION] = (amount_paise - mean) / (spread + SPREAD_FLOOR * mean)
