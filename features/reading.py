"""What payer and payee read alike from an account's columns: times since, ratios, flags within a window."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from features.account import NEVER
from features.clock import DAY_MS
from features.columns import COLUMN_TYPES, NUMPY_FROM

if TYPE_CHECKING:
    from features.account import AccountState
    from features.windows import Windows


def seconds_since_last(state: AccountState, end: int, time_ms: int) -> float:
    """Return the seconds since the newest payment before `time_ms`, NaN if there is none; `end` is where the ring is.

    What was dropped from the ring is mostly older than what is in it, but not where a late payment came after.
    """
    last_ms = state.times[end - 1] + state.base_ms if end else NEVER
    if last_ms < state.dropped_ms < time_ms:
        last_ms = state.dropped_ms
    return nan if last_ms == NEVER else (time_ms - last_ms) / 1000


def age_days(state: AccountState, time_ms: int) -> float:
    """Return the days since the first payment known before `time_ms`, NaN if there is none."""
    return (time_ms - state.first_ms) / DAY_MS if NEVER != state.first_ms < time_ms else nan


def over_mean(amount_paise: int, windows: Windows) -> float:
    """Return an amount over the mean of 30 d, NaN without payments."""
    sum_paise = windows.sums_paise[4]
    return amount_paise * windows.counts[4] / sum_paise if sum_paise else nan


def over_largest(state: AccountState, amount_paise: int, start: int, end: int) -> float:
    """Return an amount over the largest in [start, end) of the ring, NaN if that is empty."""
    if start == end:
        return nan
    amounts = state.amounts
    if end - start < NUMPY_FROM:
        return amount_paise / max(amounts[start:end])
    return amount_paise / int(np.frombuffer(amounts, COLUMN_TYPES[amounts.typecode])[start:end].max())


def count_amount(state: AccountState, amount_paise: int, start: int, end: int) -> int:
    """Return how many payments in [start, end) of the ring have this very amount."""
    amounts = state.amounts
    if end - start < NUMPY_FROM:
        return amounts[start:end].count(amount_paise)
    column = np.frombuffer(amounts, COLUMN_TYPES[amounts.typecode])[start:end]
    return int(np.count_nonzero(column == amount_paise))
