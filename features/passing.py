"""What a payee does with what it is paid: payments of its own within a day of money coming in.

The payer's stage tells the account's payee partition of each of its payments (a debit). It is kept only where the
account was paid in the 24 h before it, so an account that only pays has no state here. Up to 32 are kept, by time, the
newest: when, how much, and how long the money had stayed, which is the time since the payment to the account before it.

```
 paid in ──x────────────────x───────► T        stay
 paid out      o  o              o             x to o, of each o
```
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from features.columns import find_end
from features.compiled import compiled
from features.events import AMOUNT_PAISE, TIME_MS
from features.expiry import LATE_ALLOWED_MS
from features.layout import (
    AMOUNTS,
    DEBIT_AMOUNTS,
    DEBIT_COUNT,
    DEBIT_STAYS,
    DEBIT_TIMES,
    DEBITS_MAX,
    TIMES,
    WINDOW_COUNT,
    WINDOWS_MS,
)
from features.windows import BOUNDS, COUNTS, IN_RING, SUMS_PAISE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.events import Events
    from features.sketch import Account
    from features.windows import Tally

DAY, WEEK = WINDOW_COUNT - 3, WINDOW_COUNT - 2
REACH_MS = WINDOWS_MS[DAY]
"""A debit counts if the account was paid at most so long before."""

_HOUR_MS, _WEEK_MS = WINDOWS_MS[1], WINDOWS_MS[WEEK]
_KEEP_MS = _WEEK_MS + REACH_MS + LATE_ALLOWED_MS

# The places in what `read_passing` fills.
COUNT_DAY = 0
SHARE_DAY = 1
SHARE_WEEK = 2
QUICK_SHARE_WEEK = 3
SHORTEST_STAY = 4
SINCE_LAST_SHARE = 5
WIDTH = 6


@compiled
def take_debit(account: Account, event: Events) -> None:
    """Take in a payment by the account itself, if it was paid in the 24 h before."""
    time_ms = event[TIME_MS]
    before = find_end(account, time_ms)
    if before == 0 or time_ms - account[TIMES + before - 1] > REACH_MS:
        return
    _drop_old(account, time_ms - _KEEP_MS)
    at = account[DEBIT_COUNT]
    while at > 0 and account[DEBIT_TIMES + at - 1] > time_ms:
        at -= 1
    if account[DEBIT_COUNT] == DEBITS_MAX:
        if at == 0:
            return
        _drop(account, 1)
        at -= 1
    for column in (DEBIT_TIMES, DEBIT_AMOUNTS, DEBIT_STAYS):
        for moved in range(column + account[DEBIT_COUNT], column + at, -1):
            account[moved] = account[moved - 1]
    account[DEBIT_TIMES + at], account[DEBIT_AMOUNTS + at] = time_ms, event[AMOUNT_PAISE]
    account[DEBIT_STAYS + at] = time_ms - account[TIMES + before - 1]
    account[DEBIT_COUNT] += 1


@compiled
def _drop_old(account: Account, oldest_ms: int) -> None:
    """Forget what no payment that may still come can look back to."""
    old = 0
    while old < account[DEBIT_COUNT] and account[DEBIT_TIMES + old] < oldest_ms:
        old += 1
    if old:
        _drop(account, old)


@compiled
def _drop(account: Account, count: int) -> None:
    """Forget the `count` oldest."""
    account[DEBIT_COUNT] -= count
    for column in (DEBIT_TIMES, DEBIT_AMOUNTS, DEBIT_STAYS):
        for at in range(column, column + account[DEBIT_COUNT]):
            account[at] = account[at + count]


@compiled
def read_passing(account: Account, time_ms: int, tally: Tally, own: NDArray[np.float64]) -> None:
    """Fill `own`, WIDTH long, with what the account did with what came in before T; `tally` is of the account."""
    day_count, day_paise, week_paise, quick_paise, since_paise, shortest_ms = 0, 0, 0, 0, 0, REACH_MS + 1
    last_ms, last_paise, end = time_ms, 0, tally[BOUNDS, 1]
    if tally[IN_RING, WEEK]:
        last_ms, last_paise = account[TIMES + end - 1], account[AMOUNTS + end - 1]
    for at in range(account[DEBIT_COUNT]):
        paid_ms, paise, stay_ms = account[DEBIT_TIMES + at], account[DEBIT_AMOUNTS + at], account[DEBIT_STAYS + at]
        if not time_ms - _WEEK_MS <= paid_ms < time_ms:
            continue
        week_paise += paise
        shortest_ms = min(shortest_ms, stay_ms)
        quick_paise += paise * (stay_ms <= _HOUR_MS)
        since_paise += paise * (paid_ms > last_ms)
        if paid_ms >= time_ms - REACH_MS:
            day_count += 1
            day_paise += paise
    own[COUNT_DAY] = day_count
    own[SHARE_DAY] = day_paise / tally[SUMS_PAISE, DAY] if tally[COUNTS, DAY] else nan
    came_in = tally[COUNTS, WEEK]
    own[SHARE_WEEK] = week_paise / tally[SUMS_PAISE, WEEK] if came_in else nan
    own[QUICK_SHARE_WEEK] = quick_paise / tally[SUMS_PAISE, WEEK] if came_in else nan
    own[SHORTEST_STAY] = shortest_ms / 1000 if shortest_ms <= REACH_MS else nan
    own[SINCE_LAST_SHARE] = since_paise / last_paise if last_paise else nan
