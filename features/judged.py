"""What verdicts say of an account at a moment: how many frauds, at what rate, since when, and whether they went on.

Only verdicts with a label time before T are known at T. How long verdicts take is read off the account itself: its lag
is that of its newest known fraud, and payments older than T less the lag count as judged. So a rate needs no verdict
that says "no fraud", and is what a history with one delay for all gives exactly.

```
 T - 30 d   oldest fraud    newest fraud   T - lag           T
    [────────────x───────────────x────────────│──────────────│──►
                 [     frauds / payments      )   fraud share since the first
                                 (            )   judged since the last
```

Nothing here looks back more than 30 d: no answer depends on what `expiry` or the ring have dropped.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS
from features.compiled import compiled, compiled_making_arrays
from features.layout import (
    OVERFLOWS,
    TIMES,
    VERDICT_AMOUNTS,
    VERDICT_COUNT,
    VERDICT_MARKS,
    VERDICT_TIMES,
    WINDOW_COUNT,
    WINDOWS_MS,
)
from features.verdicts import is_known_fraud
from features.windows import BOUNDS, COUNTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.sketch import Account
    from features.windows import Tally

SPAN_COUNT = 3
FIRST_SPAN = WINDOW_COUNT - SPAN_COUNT
MONTH_MS = WINDOWS_MS[WINDOW_COUNT - 1]

# The places in what `read_judged` fills: counts over 1 and 7 d, rates over 1, 7 and 30 d, and the rest.
FRAUDS = 0
RATES = 2
SINCE_VERDICT = 5
SINCE_FIRST = 6
SHARE_SINCE_FIRST = 7
JUDGED_SINCE = 8
STREAK = 9
OVER_MEAN = 10
WIDTH = 11


@compiled
def count_frauds(account: Account, time_ms: int, width_ms: int) -> int:
    """Return how many payments were known as fraud by verdicts with label time in [T - w, T)."""
    frauds, start = 0, (time_ms - width_ms) * 2
    for at in range(account[VERDICT_COUNT]):
        frauds += account[VERDICT_MARKS + at] >= start and is_known_fraud(account, at, time_ms)
    return frauds


@compiled_making_arrays
def read_judged(account: Account, time_ms: int, amount_paise: int, tally: Tally, own: NDArray[np.float64]) -> None:
    """Fill `own`, WIDTH long, with what is known of the account's frauds at T."""
    own[FRAUDS], own[FRAUDS + 1], own[STREAK] = 0.0, 0.0, 0.0
    own[RATES : RATES + SPAN_COUNT] = 0.0 if tally[COUNTS, WINDOW_COUNT - 1] else nan
    own[SINCE_VERDICT] = own[SINCE_FIRST] = own[SHARE_SINCE_FIRST] = own[JUDGED_SINCE] = own[OVER_MEAN] = nan
    if account[VERDICT_COUNT] == 0:
        return
    known = np.zeros(account[VERDICT_COUNT], np.int64)
    count, paise, lag_ms, oldest_ms, newest_ms = 0, 0, 0, time_ms, 0
    for at in range(account[VERDICT_COUNT]):
        judged_ms, label_ms = account[VERDICT_TIMES + at], account[VERDICT_MARKS + at] >> 1
        if not is_known_fraud(account, at, time_ms) or not time_ms - MONTH_MS <= judged_ms < time_ms:
            continue
        known[count] = judged_ms
        count += 1
        paise += account[VERDICT_AMOUNTS + at]
        oldest_ms, newest_ms = min(oldest_ms, judged_ms), max(newest_ms, judged_ms)
        lag_ms = max(label_ms - judged_ms, 0)
        own[SINCE_VERDICT] = (time_ms - label_ms) / 1000
    own[FRAUDS] = count_frauds(account, time_ms, WINDOWS_MS[FIRST_SPAN])
    own[FRAUDS + 1] = count_frauds(account, time_ms, WINDOWS_MS[FIRST_SPAN + 1])
    if count == 0:
        return
    own[SINCE_FIRST] = (time_ms - oldest_ms) / DAY_MS
    own[OVER_MEAN] = amount_paise * count / paise
    known = known[:count]
    _read_rates(account, time_ms, time_ms - lag_ms, known, tally, own[RATES : RATES + SPAN_COUNT])
    _read_since(account, time_ms - lag_ms, known, tally, own)
    own[STREAK] = _streak(account, known, newest_ms, tally)


@compiled
def _read_rates(
    account: Account, time_ms: int, until_ms: int, known: NDArray[np.int64], tally: Tally, rates: NDArray[np.float64]
) -> None:
    """Put frauds over judged payments of 1, 7 and 30 d before `until_ms`, what lies behind T - 30 d left out.

    Where the ring does not reach back, what the windows before T count stands for it.
    """
    for span in range(SPAN_COUNT):
        start_ms = max(until_ms - WINDOWS_MS[FIRST_SPAN + span], time_ms - MONTH_MS)
        frauds, payments = 0, 0
        for judged_ms in known:
            frauds += judged_ms >= start_ms and judged_ms < until_ms
        for at in range(tally[BOUNDS, 0], tally[BOUNDS, 1]):
            payments += account[TIMES + at] >= start_ms and account[TIMES + at] < until_ms
        if account[OVERFLOWS] and account[TIMES] > start_ms:
            payments = max(payments, tally[COUNTS, FIRST_SPAN + span])
        if frauds:
            rates[span] = min(1.0, frauds / payments) if payments else 1.0
        elif payments == 0:
            rates[span] = nan


@compiled
def _read_since(
    account: Account, until_ms: int, known: NDArray[np.int64], tally: Tally, own: NDArray[np.float64]
) -> None:
    """Put the share of frauds since the first, and how many payments of the ring were judged since the last."""
    start, frauds, payments, since = tally[BOUNDS, 0], 0, 0, 0
    reach_ms = account[TIMES + start] if start < tally[BOUNDS, 1] else until_ms
    oldest_ms = newest_ms = known[0]
    for judged_ms in known:
        frauds += judged_ms >= reach_ms
        oldest_ms, newest_ms = min(oldest_ms, judged_ms), max(newest_ms, judged_ms)
    for at in range(start, tally[BOUNDS, 1]):
        paid_ms = account[TIMES + at]
        payments += oldest_ms <= paid_ms < until_ms
        since += newest_ms < paid_ms < until_ms
    own[JUDGED_SINCE] = since
    if frauds:
        own[SHARE_SINCE_FIRST] = min(1.0, frauds / payments) if payments else 1.0


@compiled
def _streak(account: Account, known: NDArray[np.int64], newest_ms: int, tally: Tally) -> int:
    """Return how many payments of the ring, from the newest fraud backwards, were fraud without a gap."""
    streak = 0
    for at in range(tally[BOUNDS, 1] - 1, tally[BOUNDS, 0] - 1, -1):
        paid_ms = account[TIMES + at]
        if paid_ms > newest_ms:
            continue
        is_fraud = False
        for judged_ms in known:
            is_fraud |= judged_ms == paid_ms
        if not is_fraud:
            break
        streak += 1
    return streak
