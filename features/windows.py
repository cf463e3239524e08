"""Sliding windows over an account's payments: what lies in [T - w, T) for w of 5 min, 1 h, 24 h, 7 d and 30 d.

```
   30d     7d      24h   1h  5m
    [───────────────────────────)          a payment at T - w counts, one at T does not
   start                       end         indexes into the columns
```

The windows are nested, so what lies between the starts of two is looked at once. Exact to the millisecond while the
ring of 256 reaches back to T - w; what was pushed out of it is added from `overflow`, within the bounds that `overflow`
and `sketch` state.

A `Tally` has a row per quantity and a column per window, 5m to 30d.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.columns import find_end, find_since
from features.compiled import compiled
from features.layout import (
    AMOUNTS,
    COUNT,
    FAILED,
    FLAGS,
    LAST,
    NEW,
    OUT_NEWEST_MS,
    OVERFLOWS,
    PARTIES,
    STATUS_GIVEN,
    TIMES,
    WINDOW_COUNT,
    WINDOWS_MS,
)
from features.overflow import extend_windows, shortest_window
from features.ring import has_party

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.sketch import Account, Shape

    Tally = NDArray[np.int64]

# The rows of a tally; counts, sums and distincts with what was pushed out, the rest of the ring alone.
COUNTS = 0
SUMS_PAISE = 1
DISTINCTS = 2
NEWS = 3
FAILS = 4
TINIES = 5
GIVEN = 6  # payments whose status was given
IN_RING = 7
BOUNDS = 8  # first index of the 30 d, index of the first payment at or after T
TALLY_ROWS = 9

TINY_PAISE_MAX = 1_000


@compiled
def read_windows(account: Account, shape: Shape, time_ms: int, tally: Tally) -> None:
    """Fill `tally` with what lies in each window before `time_ms`."""
    tally[:] = 0
    end = find_end(account, time_ms)
    start = end
    for window in range(WINDOW_COUNT):
        stop, start = start, find_since(account, time_ms - WINDOWS_MS[window], start)
        _add_up(account, start, stop, tally, window)
    _count_parties_seen_since(account, time_ms, start, end, tally)
    for row in range(COUNTS, IN_RING):
        for longer in range(1, WINDOW_COUNT):
            tally[row, longer] += tally[row, longer - 1]
    for window in range(WINDOW_COUNT):
        tally[IN_RING, window] = tally[COUNTS, window]
    tally[BOUNDS, 0], tally[BOUNDS, 1] = start, end
    if account[OVERFLOWS] and account[OUT_NEWEST_MS] >= time_ms - WINDOWS_MS[WINDOW_COUNT - 1]:
        extend_windows(account, shape, time_ms, tally[COUNTS], tally[SUMS_PAISE], tally[DISTINCTS])


@compiled
def _add_up(account: Account, start: int, stop: int, tally: Tally, window: int) -> None:
    """Add the payments of [start, stop) to a window."""
    amounts, flags = account[AMOUNTS + start : AMOUNTS + stop], account[FLAGS + start : FLAGS + stop]
    paise, tinies, news, fails, given, last = 0, 0, 0, 0, 0, 0
    for at in range(len(amounts)):
        paise += amounts[at]
        tinies += amounts[at] <= TINY_PAISE_MAX
        news += flags[at] & NEW
        fails += flags[at] & FAILED
        given += flags[at] & STATUS_GIVEN
        last += flags[at] & LAST
    tally[COUNTS, window], tally[SUMS_PAISE, window], tally[TINIES, window] = stop - start, paise, tinies
    tally[NEWS, window], tally[FAILS, window] = news // NEW, fails // FAILED
    tally[GIVEN, window], tally[DISTINCTS, window] = given // STATUS_GIVEN, last // LAST


@compiled
def _count_parties_seen_since(account: Account, time_ms: int, start: int, end: int, tally: Tally) -> None:
    """Count the parties that LAST leaves out since they have a payment at or after T, each in its newest before T."""
    for later in range(end, account[COUNT]):
        party = account[PARTIES + later]
        if has_party(account, party, end, later):
            continue
        for at in range(end - 1, start - 1, -1):
            if account[PARTIES + at] == party:
                tally[DISTINCTS, shortest_window(time_ms - account[TIMES + at])] += 1
                break


def new_tally() -> Tally:
    """Return room for a tally."""
    return np.zeros((TALLY_ROWS, WINDOW_COUNT), np.int64)
