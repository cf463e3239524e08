"""Where payments go that the ring of 256 cannot keep: counts and sums by time, and a sketch of who took part.

For each window w there are 17 snapshots of two counters (payments and paise pushed out so far), one at the start of
each time bucket of width w/16:

```
     snapshots        s0      s1      s2             s16    counter now
                      │       │       │       ...     │      │
time ─────────────────┼───────┼───────┼───────────────┼──────┼────────────────► T
                      w/16            ▲ T - w         newest pushed out
```

What was pushed out within [T - w, T) is the counter now minus the counter at T - w, taken on a straight line between
the two snapshots around it. **Error bound**: the payments pushed out in the one bucket (w/16) that holds T - w; nothing
where that bucket is empty. That is for T after everything pushed out; for a payment so late that T itself lies among
what was pushed out, the same bound counts twice, for its bucket and that of T - w, and what is older than the oldest
snapshot (w before the newest pushed out) is not seen.
Payments at exactly the newest time pushed out are counted apart, so that a crowd at one instant T is not seen at T.
Counters run modulo 2^32 and 2^64 paise: only differences are used.

Different parties are estimated by the sketch, for all windows at once and not at every payment: anew when the shortest
window that reaches back here has moved by w/32 or grown by 1/32. A `read` over w/16 after that estimates by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.layout import (
    BUCKETS_PER_WINDOW,
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
    SNAPSHOTS,
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

WIDTHS_MS = tuple(window_ms // BUCKETS_PER_WINDOW for window_ms in WINDOWS_MS)
ESTIMATES_PER_WINDOW = 32

assert all(width_ms % WIDTHS_MS[0] == 0 for width_ms in WIDTHS_MS)  # noqa: S101 - a relation of constants

COUNT_MASK = (1 << 32) - 1


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
def push_out(account: Account, time_ms: int, amount_paise: int) -> None:
    """Take in one payment that the ring gave up."""
    newest_ms = account[OUT_NEWEST_MS]
    if time_ms > newest_ms:
        _open_buckets(account, time_ms)
        account[OUT_NEWEST_MS], account[OUT_TICK_COUNT], account[OUT_TICK_SUM] = time_ms, 1, amount_paise
    elif time_ms == newest_ms:
        account[OUT_TICK_COUNT] = (account[OUT_TICK_COUNT] + 1) & COUNT_MASK
        account[OUT_TICK_SUM] += amount_paise
    else:
        _push_late(account, time_ms, amount_paise)
    account[OUT_COUNT] = (account[OUT_COUNT] + 1) & COUNT_MASK
    account[OUT_SUM] += amount_paise


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
    first = _first_reaching(account, time_ms)
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
def pushed_out_within(account: Account, window: int, time_ms: int) -> tuple[int, int]:
    """Return (payments, paise) pushed out in the window's [T - w, T), within the module's error bound."""
    count_start, sum_start = _before(account, window, time_ms - WINDOWS_MS[window])
    count, sum_paise = account[OUT_COUNT], account[OUT_SUM]
    if time_ms <= account[OUT_NEWEST_MS]:
        count, sum_paise = _before(account, window, time_ms)
    return (count - count_start) & COUNT_MASK, sum_paise - sum_start


@compiled
def _first_reaching(account: Account, time_ms: int) -> int:
    """Return the shortest window before T that holds anything pushed out; the longest must."""
    behind_ms = time_ms - account[OUT_NEWEST_MS]
    first = 0
    while behind_ms > WINDOWS_MS[first]:
        first += 1
    return first


@compiled
def _estimate(account: Account, shape: Shape, time_ms: int, ring_count: int) -> None:
    if time_ms - account[OUT_NEWEST_MS] > WINDOWS_MS[WINDOW_COUNT - 1]:
        return
    first = _first_reaching(account, time_ms)
    growth = (pushed_out_within(account, first, time_ms)[0] + ring_count) // ESTIMATES_PER_WINDOW
    for window in range(WINDOW_COUNT):
        account[ESTIMATES + window] = estimate_parties(account, shape, time_ms, time_ms - WINDOWS_MS[window])
    account[ESTIMATED_MS] = time_ms
    account[DUE_MS] = time_ms + WINDOWS_MS[first] // ESTIMATES_PER_WINDOW
    account[DUE_COUNT] = (account[OUT_COUNT] + max(growth, 1)) & COUNT_MASK


@compiled
def _open_buckets(account: Account, time_ms: int) -> None:
    for window in range(WINDOW_COUNT):
        width_ms = WIDTHS_MS[window]
        bucket, previous = time_ms // width_ms, account[OUT_NEWEST_MS] // width_ms
        if bucket == previous and window == 0:  # every wider bucket starts where one of the narrowest does
            return
        base = window * SNAPSHOTS
        for opened in range(max(previous + 1, bucket - BUCKETS_PER_WINDOW), bucket + 1):
            account[OUT_COUNTS + base + opened % SNAPSHOTS] = account[OUT_COUNT]
            account[OUT_SUMS + base + opened % SNAPSHOTS] = account[OUT_SUM]


@compiled
def _push_late(account: Account, time_ms: int, amount_paise: int) -> None:
    for window in range(WINDOW_COUNT):
        width_ms = WIDTHS_MS[window]
        newest = account[OUT_NEWEST_MS] // width_ms
        for later in range(max(time_ms // width_ms + 1, newest - BUCKETS_PER_WINDOW), newest + 1):
            at = window * SNAPSHOTS + later % SNAPSHOTS
            account[OUT_COUNTS + at] = (account[OUT_COUNTS + at] + 1) & COUNT_MASK
            account[OUT_SUMS + at] += amount_paise


@compiled
def _before(account: Account, window: int, time_ms: int) -> tuple[int, int]:
    """Return both counters as they stood before an instant that is not after the newest pushed out."""
    newest_ms, width_ms = account[OUT_NEWEST_MS], WIDTHS_MS[window]
    last_count = (account[OUT_COUNT] - account[OUT_TICK_COUNT]) & COUNT_MASK
    last_sum = account[OUT_SUM] - account[OUT_TICK_SUM]
    if time_ms >= newest_ms:
        return last_count, last_sum
    newest, bucket = newest_ms // width_ms, time_ms // width_ms
    part_ms = time_ms - bucket * width_ms
    if bucket < newest - BUCKETS_PER_WINDOW:
        bucket, part_ms = newest - BUCKETS_PER_WINDOW, 0
    base = window * SNAPSHOTS
    count = account[OUT_COUNTS + base + bucket % SNAPSHOTS]
    sum_paise = account[OUT_SUMS + base + bucket % SNAPSHOTS]
    span_ms = width_ms
    if bucket == newest:
        count_end, sum_end, span_ms = last_count, last_sum, newest_ms - bucket * width_ms
    else:
        count_end = account[OUT_COUNTS + base + (bucket + 1) % SNAPSHOTS]
        sum_end = account[OUT_SUMS + base + (bucket + 1) % SNAPSHOTS]
    if count_end == count:
        return count, sum_paise
    count += ((count_end - count) & COUNT_MASK) * part_ms // span_ms
    return count & COUNT_MASK, sum_paise + _share(sum_end - sum_paise, part_ms, span_ms)


@compiled
def _share(whole: int, part: int, span: int) -> int:
    """Return whole * part // span, without leaving 64 bits."""
    return whole // span * part + whole % span * part // span
