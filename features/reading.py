"""What payer and payee read alike from an account: windows, times since, ratios. NaN is "not known"."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from features.clock import DAY_MS
from features.compiled import compiled
from features.layout import AMOUNTS, DROPPED_MS, FIRST_MS, NEVER, TIMES, WINDOW_COUNT
from features.windows import BOUNDS, COUNTS, DISTINCTS, SUMS_PAISE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Account
    from features.windows import Tally

PAISE = 100


@compiled
def put_windows(tally: Tally, row: NDArray[np.float64], at: int) -> None:
    """Put counts, sums in rupees and different parties, each over the five windows, into a row from `at` on."""
    for window in range(WINDOW_COUNT):
        row[at + window] = tally[COUNTS, window]
        row[at + WINDOW_COUNT + window] = tally[SUMS_PAISE, window] / PAISE
        row[at + 2 * WINDOW_COUNT + window] = tally[DISTINCTS, window]


@compiled
def seconds_since_last(account: Account, end: int, time_ms: int) -> float:
    """Return the seconds since the newest payment before `time_ms`, NaN if there is none; `end` is where the ring is.

    What was dropped from the ring is mostly older than what is in it, but not where a late payment came after.
    """
    last_ms = account[TIMES + end - 1] if end else NEVER
    if last_ms < account[DROPPED_MS] < time_ms:
        last_ms = account[DROPPED_MS]
    return nan if last_ms == NEVER else (time_ms - last_ms) / 1000


@compiled
def age_days(account: Account, time_ms: int) -> float:
    """Return the days since the first payment known before `time_ms`, NaN if there is none."""
    first_ms = account[FIRST_MS]
    return (time_ms - first_ms) / DAY_MS if first_ms != NEVER and first_ms < time_ms else nan


@compiled
def over_mean(amount_paise: int, tally: Tally) -> float:
    """Return an amount over the mean of 30 d, NaN without payments."""
    sum_paise = tally[SUMS_PAISE, WINDOW_COUNT - 1]
    return amount_paise * tally[COUNTS, WINDOW_COUNT - 1] / sum_paise if sum_paise else nan


@compiled
def over_largest(account: Account, amount_paise: int, tally: Tally) -> float:
    """Return an amount over the largest of 30 d in the ring, NaN if there is none."""
    largest = largest_paise(account, tally[BOUNDS, 0], tally[BOUNDS, 1])
    return amount_paise / largest if largest else nan


@compiled
def largest_paise(account: Account, start: int, end: int) -> int:
    """Return the largest amount in [start, end) of the ring, 0 if there is none."""
    largest = 0
    for paise in account[AMOUNTS + start : AMOUNTS + end]:
        largest = max(largest, paise)
    return largest


@compiled
def count_amount(account: Account, amount_paise: int, start: int, end: int) -> int:
    """Return how many payments in [start, end) of the ring have this very amount."""
    count = 0
    for paise in account[AMOUNTS + start : AMOUNTS + end]:
        count += paise == amount_paise
    return count
