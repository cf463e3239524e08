"""Sliding windows over an account's payments: what lies in [T - w, T) for w of 5 min, 1 h, 24 h, 7 d and 30 d.

```
   30d     7d      24h   1h  5m
    [───────────────────────────)          a payment at T - w counts, one at T does not
    lo30   lo7    lo24  lo1 lo5 hi = T     indexes into the columns of AccountState
```

The windows are nested, so one pass from the right serves all. Exact to the millisecond while the ring of 256 reaches
back to T - w; what was pushed out of it is added from `overflow`, within the bounds that `overflow` and `sketch` state.
Sums are differences of running totals and different parties are counts of bits: the cost hardly grows with the ring.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.account import FAILED, LAST, NEW, RING_MAX, TINY
from features.overflow import SUM_MASK, WINDOWS_MS

if TYPE_CHECKING:
    from features.account import AccountState

_MS_5M, _MS_1H, _MS_24H, _MS_7D, _MS_30D = WINDOWS_MS
LAST_BITS, NEW_BITS, FAILED_BITS, TINY_BITS = (
    int.from_bytes(bytes((flag,)) * RING_MAX, "little") for flag in (LAST, NEW, FAILED, TINY)
)

Bounds = tuple[int, int, int, int, int, int]
"""First index of each window, 5m to 30d, then the index of the first payment at or after T."""


@dataclass(slots=True)  # not frozen: one is made per read, and freezing would double what that costs
class Windows:
    """Per window, 5m to 30d: payments, paise, different parties; where the windows start in the ring; and `flags`.

    `flags` has a byte per payment of the ring within 30 d, the oldest lowest.
    """

    counts: list[int]
    sums_paise: list[int]
    distincts: list[int]
    bounds: Bounds
    flags: int


def find_bounds(state: AccountState, time_ms: int) -> Bounds:
    """Return the indexes at which the windows before `time_ms` start, and the one at which they end."""
    times = state.times
    end = len(times)
    if not end:
        return (0, 0, 0, 0, 0, 0)
    now = time_ms - state.base_ms
    if times[-1] >= now:
        end = bisect_left(times, now)
    start = now - _MS_30D
    from_30d = 0 if times[0] >= start else bisect_left(times, start, 0, end)
    start = now - _MS_7D
    from_7d = from_30d if from_30d == end or times[from_30d] >= start else bisect_left(times, start, from_30d, end)
    start = now - _MS_24H
    from_24h = from_7d if from_7d == end or times[from_7d] >= start else bisect_left(times, start, from_7d, end)
    start = now - _MS_1H
    from_1h = from_24h if from_24h == end or times[from_24h] >= start else bisect_left(times, start, from_24h, end)
    start = now - _MS_5M
    from_5m = from_1h if from_1h == end or times[from_1h] >= start else bisect_left(times, start, from_1h, end)
    return (from_5m, from_1h, from_24h, from_7d, from_30d, end)


def read_windows(state: AccountState, time_ms: int) -> Windows:
    """Return what lies in each window before `time_ms`; changes nothing.

    >>> from features.account import AccountState
    >>> from features.ring import insert
    >>> state = AccountState()
    >>> for second, party in enumerate((7, 8, 7)):
    ...     insert(state, 1_700_000_000_000 + 1000 * second, 500, party=party, slot=-1, flags=0, shape=(8, 32))
    >>> windows = read_windows(state, 1_700_000_002_000)
    >>> windows.counts[0], windows.sums_paise[0], windows.distincts[0]
    (2, 1000, 2)
    """
    bounds = find_bounds(state, time_ms)
    from_5m, from_1h, from_24h, from_7d, from_30d, end = bounds
    totals = state.totals
    total = totals[end]
    counts = [end - from_5m, end - from_1h, end - from_24h, end - from_7d, end - from_30d]
    sums = [
        (total - totals[from_5m]) & SUM_MASK,
        (total - totals[from_1h]) & SUM_MASK,
        (total - totals[from_24h]) & SUM_MASK,
        (total - totals[from_7d]) & SUM_MASK,
        (total - totals[from_30d]) & SUM_MASK,
    ]
    flags = int.from_bytes(state.flags[from_30d:end], "little")
    distincts = _count_parties(state, bounds, flags)
    overflow = state.overflow
    if overflow is not None and overflow.newest_ms >= time_ms - _MS_30D:
        overflow.extend(time_ms, counts, sums, distincts)
    return Windows(counts, sums, distincts, bounds, flags)


def _count_parties(state: AccountState, bounds: Bounds, flags: int) -> list[int]:
    """Count the different parties from each bound to the end.

    Up to the newest payment that is how many are the last of their party; up to an earlier T the marks do not
    serve, and sets are built from right to left.
    """
    from_5m, from_1h, from_24h, from_7d, from_30d, end = bounds
    if end == len(state.times):
        last = flags & LAST_BITS
        return [
            (last >> ((from_5m - from_30d) << 3)).bit_count() if from_5m != end else 0,
            (last >> ((from_1h - from_30d) << 3)).bit_count() if from_1h != end else 0,
            (last >> ((from_24h - from_30d) << 3)).bit_count() if from_24h != end else 0,
            (last >> ((from_7d - from_30d) << 3)).bit_count(),
            last.bit_count(),
        ]
    slots, seen, distincts = state.slots, set[int](), []
    upper = end
    for lower in bounds[:5]:
        seen.update(slots[lower:upper])
        distincts.append(len(seen))
        upper = lower
    return distincts
