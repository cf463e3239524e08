"""How many payments and paise were pushed out of the ring, and when: counters with snapshots by time.

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
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.layout import (
    BUCKETS_PER_WINDOW,
    OUT_COUNT,
    OUT_COUNTS,
    OUT_NEWEST_MS,
    OUT_SUM,
    OUT_SUMS,
    OUT_TICK_COUNT,
    OUT_TICK_SUM,
    SNAPSHOTS,
    WINDOW_COUNT,
    WINDOWS_MS,
)

if TYPE_CHECKING:
    from features.sketch import Account

WIDTHS_MS = tuple(window_ms // BUCKETS_PER_WINDOW for window_ms in WINDOWS_MS)
COUNT_MASK = (1 << 32) - 1

assert all(width_ms % WIDTHS_MS[0] == 0 for width_ms in WIDTHS_MS)  # noqa: S101 - a relation of constants


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
def pushed_out_within(account: Account, window: int, time_ms: int) -> tuple[int, int]:
    """Return (payments, paise) pushed out in the window's [T - w, T), within the module's error bound."""
    count_start, sum_start = _before(account, window, time_ms - WINDOWS_MS[window])
    count, sum_paise = account[OUT_COUNT], account[OUT_SUM]
    if time_ms <= account[OUT_NEWEST_MS]:
        count, sum_paise = _before(account, window, time_ms)
    return (count - count_start) & COUNT_MASK, sum_paise - sum_start


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
