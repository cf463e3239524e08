"""Where payments go that the ring of 256 cannot keep: counts and sums by time, and a sketch of who paid.

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
what was pushed out, the same bound counts twice, for its bucket and that of T - w, while both lie within the snapshots.
Payments at exactly the newest time pushed out are counted apart, so that a crowd at one instant T is not seen at T.
Counters run modulo 2^32 and 2^64 paise: only differences are used.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from features.clock import DAY_MS, HOUR_MS, MINUTE_MS
from features.sketch import Sketch

WINDOWS_MS = (5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 7 * DAY_MS, 30 * DAY_MS)
BUCKETS_PER_WINDOW = 16
SNAPSHOTS = BUCKETS_PER_WINDOW + 1
WIDTHS_MS = tuple(window_ms // BUCKETS_PER_WINDOW for window_ms in WINDOWS_MS)

COUNT_MASK = (1 << 32) - 1
SUM_MASK = (1 << 64) - 1


@dataclass(slots=True)
class Overflow:
    """Counters of what was pushed out, their snapshots (window-major), and the sketch of all parties."""

    newest_ms: int
    count: int
    sum_paise: int
    tick_count: int  # of these, at exactly newest_ms
    tick_sum_paise: int
    counts: array[int]
    sums: array[int]
    sketch: Sketch

    @staticmethod
    def start(shape: tuple[int, int]) -> Overflow:
        """Return an empty one; `shape` is the sketch's (rows, columns)."""
        snapshots = SNAPSHOTS * len(WINDOWS_MS)
        counts, sums = array("I", bytes(4 * snapshots)), array("Q", bytes(8 * snapshots))
        return Overflow(-1, 0, 0, 0, 0, counts, sums, Sketch.start(shape))

    def push(self, time_ms: int, amount_paise: int) -> None:
        """Take in one payment that the ring gave up."""
        if time_ms > self.newest_ms:
            self._open_buckets(time_ms)
            self.newest_ms, self.tick_count, self.tick_sum_paise = time_ms, 0, 0
        elif time_ms < self.newest_ms:
            self._push_late(time_ms, amount_paise)
        if time_ms == self.newest_ms:
            self.tick_count = (self.tick_count + 1) & COUNT_MASK
            self.tick_sum_paise = (self.tick_sum_paise + amount_paise) & SUM_MASK
        self.count = (self.count + 1) & COUNT_MASK
        self.sum_paise = (self.sum_paise + amount_paise) & SUM_MASK

    def within(self, window: int, time_ms: int) -> tuple[int, int]:
        """Return (payments, paise) pushed out in the window's [T - w, T), within the module's error bound."""
        count, sum_paise = self._before(window, time_ms)
        count_start, sum_start = self._before(window, time_ms - WINDOWS_MS[window])
        return (count - count_start) & COUNT_MASK, (sum_paise - sum_start) & SUM_MASK

    def _open_buckets(self, time_ms: int) -> None:
        for window, width_ms in enumerate(WIDTHS_MS):
            bucket, previous = time_ms // width_ms, self.newest_ms // width_ms
            if bucket != previous:
                for opened in range(max(previous + 1, bucket - BUCKETS_PER_WINDOW), bucket + 1):
                    at = window * SNAPSHOTS + opened % SNAPSHOTS
                    self.counts[at], self.sums[at] = self.count, self.sum_paise

    def _push_late(self, time_ms: int, amount_paise: int) -> None:
        for window, width_ms in enumerate(WIDTHS_MS):
            newest = self.newest_ms // width_ms
            for later in range(max(time_ms // width_ms + 1, newest - BUCKETS_PER_WINDOW), newest + 1):
                at = window * SNAPSHOTS + later % SNAPSHOTS
                self.counts[at] = (self.counts[at] + 1) & COUNT_MASK
                self.sums[at] = (self.sums[at] + amount_paise) & SUM_MASK

    def _before(self, window: int, time_ms: int) -> tuple[int, int]:
        """Return both counters as they stood before an instant."""
        if time_ms > self.newest_ms:
            return self.count, self.sum_paise
        last = (self.count - self.tick_count) & COUNT_MASK, (self.sum_paise - self.tick_sum_paise) & SUM_MASK
        if time_ms == self.newest_ms:
            return last
        width_ms = WIDTHS_MS[window]
        newest = self.newest_ms // width_ms
        bucket = max(time_ms // width_ms, newest - BUCKETS_PER_WINDOW)
        count, sum_paise = self._snapshot(window, bucket)
        end_ms = (bucket + 1) * width_ms
        if bucket == newest:
            (count_end, sum_end), end_ms = last, self.newest_ms
        else:
            count_end, sum_end = self._snapshot(window, bucket + 1)
        part_ms, span_ms = max(time_ms - bucket * width_ms, 0), max(end_ms - bucket * width_ms, 1)
        count += ((count_end - count) & COUNT_MASK) * part_ms // span_ms
        sum_paise += ((sum_end - sum_paise) & SUM_MASK) * part_ms // span_ms
        return count & COUNT_MASK, sum_paise & SUM_MASK

    def _snapshot(self, window: int, bucket: int) -> tuple[int, int]:
        at = window * SNAPSHOTS + bucket % SNAPSHOTS
        return self.counts[at], self.sums[at]
