"""Where payments go that the ring of 256 cannot keep: counts and sums by time, and a sketch of who took part.

`counters` says how many and how much was pushed out within a window, `sketch` how many different parties there were;
each states its error bound. Parties are estimated for all windows at once and not at every payment: anew when the
shortest window that reaches back here has moved by w/32 or grown by 1/32. A `read` over w/16 after that estimates by
itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.counters import COUNT_MASK, WIDTHS_MS, pushed_out_within
from features.layout import (
    COUNT,
    DUE_COUNT,
    DUE_MS,
    ESTIMATED_MS,
    ESTIMATES,
    OUT_COUNT,
    OUT_COUNTS,
    OUT_NEWEST_MS,
    OUT_SUM,
    OUT_SUMS,
    OUT_TICK_COUNT,
    OUT_TICK_SUM,
    OVERFLOWS,
    PARTIES,
    SNAPSHOT_COUNT,
    TICK_MS,
    TIMES,
    WINDOW_COUNT,
    WINDOWS_MS,
)
from features.sketch import add_party, estimate_parties, start_sketch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Account, Shape

ESTIMATES_PER_WINDOW = 32


@compiled
def start_overflow(account: Account, shape: Shape) -> None:
    """Begin to push out: counters at zero, and the parties of the ring in the sketch."""
    account[OVERFLOWS] = 1
    account[OUT_NEWEST_MS] = account[ESTIMATED_MS] = -1
    account[OUT_COUNT] = account[OUT_SUM] = account[OUT_TICK_COUNT] = account[OUT_TICK_SUM] = 0
    account[DUE_MS] = account[DUE_COUNT] = 0
    account[ESTIMATES : ESTIMATES + WINDOW_COUNT] = 0
    account[OUT_COUNTS : OUT_COUNTS + SNAPSHOT_COUNT] = 0
    account[OUT_SUMS : OUT_SUMS + SNAPSHOT_COUNT] = 0
    start_sketch(account)
    for at in range(account[COUNT]):
        add_party(account, shape, account[PARTIES + at], account[TIMES + at])


@compiled
def note_party(account: Account, shape: Shape, party: int, time_ms: int, ring_count: int) -> None:
    """Note who took part in an arriving payment, after bringing the estimates up to just before it if due."""
    if time_ms > account[TICK_MS]:
        has_grown = (account[OUT_COUNT] - account[DUE_COUNT]) & COUNT_MASK <= COUNT_MASK >> 1
        if has_grown or time_ms >= account[DUE_MS]:
            _estimate(account, shape, time_ms, ring_count)
    add_party(account, shape, party, time_ms)


@compiled
def extend_windows(
    account: Account,
    shape: Shape,
    time_ms: int,
    counts: NDArray[np.int64],
    sums: NDArray[np.int64],
    distincts: NDArray[np.int64],
) -> None:
    """Add to what the ring holds of each window before T, in place, what was pushed out of it."""
    first = shortest_window(time_ms - account[OUT_NEWEST_MS])
    is_fresh = 0 <= time_ms - account[ESTIMATED_MS] <= WIDTHS_MS[first]
    for window in range(first, WINDOW_COUNT):
        count, sum_paise = pushed_out_within(account, window, time_ms)
        if is_fresh:
            estimate = account[ESTIMATES + window]
        else:
            estimate = estimate_parties(account, shape, time_ms, time_ms - WINDOWS_MS[window])
        least = distincts[window]
        counts[window] += count
        sums[window] += sum_paise
        distincts[window] = min(max(estimate, least), least + count)


@compiled
def shortest_window(age_ms: int) -> int:
    """Return the shortest window that reaches back so far; the longest must."""
    window = 0
    while age_ms > WINDOWS_MS[window]:
        window += 1
    return window


@compiled
def _estimate(account: Account, shape: Shape, time_ms: int, ring_count: int) -> None:
    if time_ms - account[OUT_NEWEST_MS] > WINDOWS_MS[WINDOW_COUNT - 1]:
        return
    first = shortest_window(time_ms - account[OUT_NEWEST_MS])
    growth = (pushed_out_within(account, first, time_ms)[0] + ring_count) // ESTIMATES_PER_WINDOW
    for window in range(WINDOW_COUNT):
        account[ESTIMATES + window] = estimate_parties(account, shape, time_ms, time_ms - WINDOWS_MS[window])
    account[ESTIMATED_MS] = time_ms
    account[DUE_MS] = time_ms + WINDOWS_MS[first] // ESTIMATES_PER_WINDOW
    account[DUE_COUNT] = (account[OUT_COUNT] + max(growth, 1)) & COUNT_MASK
