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

from array import array
from dataclasses import dataclass

from features.clock import DAY_MS, HOUR_MS, MINUTE_MS
from features.sketch import Sketch

WINDOWS_MS = (5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 7 * DAY_MS, 30 * DAY_MS)
BUCKETS_PER_WINDOW = 16
SNAPSHOTS = BUCKETS_PER_WINDOW + 1
WIDTHS_MS = tuple(window_ms // BUCKETS_PER_WINDOW for window_ms in WINDOWS_MS)
ESTIMATES_PER_WINDOW = 32

assert all(width_ms % WIDTHS_MS[0] == 0 for width_ms in WIDTHS_MS)  # noqa: S101 - a relation of constants

COUNT_MASK = (1 << 32) - 1
SUM_MASK = (1 << 64) - 1


@dataclass(slots=True)
class Overflow:
    """Counters of what was pushed out, their snapshots by window, the sketch of all parties and its estimates."""

    newest_ms: int
    count: int
    sum_paise: int
    tick_count: int  # of these, at exactly newest_ms
    tick_sum_paise: int
    counts: array[int]
    sums: array[int]
    sketch: Sketch
    estimated_ms: int
    due_ms: int  # estimate again at this time,
    due_count: int  # or when `count` has come here
    estimates: array[int]

    @staticmethod
    def start(shape: tuple[int, int]) -> Overflow:
        """Return an empty one; `shape` is the sketch's (rows, columns)."""
        snapshots = SNAPSHOTS * len(WINDOWS_MS)
        counts, sums = array("I", bytes(4 * snapshots)), array("Q", bytes(8 * snapshots))
        estimates = array("I", bytes(4 * len(WINDOWS_MS)))
        return Overflow(-1, 0, 0, 0, 0, counts, sums, Sketch.start(shape), -1, 0, 0, estimates)

    def push(self, time_ms: int, amount_paise: int) -> None:
        """Take in one payment that the ring gave up."""
        newest_ms = self.newest_ms
        if time_ms > newest_ms:
            self._open_buckets(time_ms)
            self.newest_ms, self.tick_count, self.tick_sum_paise = time_ms, 1, amount_paise
        elif time_ms == newest_ms:
            self.tick_count = (self.tick_count + 1) & COUNT_MASK
            self.tick_sum_paise = (self.tick_sum_paise + amount_paise) & SUM_MASK
        else:
            self._push_late(time_ms, amount_paise)
        self.count = (self.count + 1) & COUNT_MASK
        self.sum_paise = (self.sum_paise + amount_paise) & SUM_MASK

    def note_party(self, party: int, time_ms: int, ring_count: int) -> None:
        """Note who took part in an arriving payment, after bringing the estimates up to just before it if due."""
        if time_ms > self.sketch.tick_ms:
            has_grown = (self.count - self.due_count) & COUNT_MASK <= COUNT_MASK >> 1
            if has_grown or time_ms >= self.due_ms:
                self._estimate(time_ms, ring_count)
        self.sketch.add(party, time_ms)

    def extend(self, time_ms: int, counts: list[int], sums: list[int], distincts: list[int]) -> None:
        """Add to what the ring holds of each window before T, in place, what was pushed out of it."""
        first = self._first_reaching(time_ms)
        if 0 <= time_ms - self.estimated_ms <= WIDTHS_MS[first]:
            estimates = self.estimates.tolist()
        else:
            estimates = self.sketch.estimate(time_ms, [time_ms - window_ms for window_ms in WINDOWS_MS])
        for window in range(first, len(WINDOWS_MS)):
            count, sum_paise = self.within(window, time_ms)
            least = distincts[window]
            counts[window] += count
            sums[window] += sum_paise
            distincts[window] = min(max(estimates[window], least), least + count)

    def _first_reaching(self, time_ms: int) -> int:
        """Return the shortest window before T that holds anything pushed out; the longest must."""
        behind_ms = time_ms - self.newest_ms
        first = 0
        while behind_ms > WINDOWS_MS[first]:
            first += 1
        return first

    def within(self, window: int, time_ms: int) -> tuple[int, int]:
        """Return (payments, paise) pushed out in the window's [T - w, T), within the module's error bound."""
        count_start, sum_start = self._before(window, time_ms - WINDOWS_MS[window])
        if time_ms > self.newest_ms:
            return (self.count - count_start) & COUNT_MASK, (self.sum_paise - sum_start) & SUM_MASK
        count, sum_paise = self._before(window, time_ms)
        return (count - count_start) & COUNT_MASK, (sum_paise - sum_start) & SUM_MASK

    def _estimate(self, time_ms: int, ring_count: int) -> None:
        if time_ms - self.newest_ms > WINDOWS_MS[-1]:
            return
        first = self._first_reaching(time_ms)
        growth = (self.within(first, time_ms)[0] + ring_count) // ESTIMATES_PER_WINDOW
        starts_ms = [time_ms - window_ms for window_ms in WINDOWS_MS]
        self.estimates = array("I", self.sketch.estimate(time_ms, starts_ms))
        self.estimated_ms = time_ms
        self.due_ms = time_ms + WINDOWS_MS[first] // ESTIMATES_PER_WINDOW
        self.due_count = (self.count + max(growth, 1)) & COUNT_MASK

    def _open_buckets(self, time_ms: int) -> None:
        for window, width_ms in enumerate(WIDTHS_MS):
            bucket, previous = time_ms // width_ms, self.newest_ms // width_ms
            if bucket == previous:
                if not window:  # every wider bucket starts where one of the narrowest does
                    return
                continue
            at = window * SNAPSHOTS
            if bucket - previous >= SNAPSHOTS:
                self.counts[at : at + SNAPSHOTS] = array("I", (self.count,)) * SNAPSHOTS
                self.sums[at : at + SNAPSHOTS] = array("Q", (self.sum_paise,)) * SNAPSHOTS
                continue
            for opened in range(previous + 1, bucket + 1):
                self.counts[at + opened % SNAPSHOTS] = self.count
                self.sums[at + opened % SNAPSHOTS] = self.sum_paise

    def _push_late(self, time_ms: int, amount_paise: int) -> None:
        for window, width_ms in enumerate(WIDTHS_MS):
            newest = self.newest_ms // width_ms
            for later in range(max(time_ms // width_ms + 1, newest - BUCKETS_PER_WINDOW), newest + 1):
                at = window * SNAPSHOTS + later % SNAPSHOTS
                self.counts[at] = (self.counts[at] + 1) & COUNT_MASK
                self.sums[at] = (self.sums[at] + amount_paise) & SUM_MASK

    def _before(self, window: int, time_ms: int) -> tuple[int, int]:
        """Return both counters as they stood before an instant that is not after `newest_ms`."""
        newest_ms, width_ms = self.newest_ms, WIDTHS_MS[window]
        last = (self.count - self.tick_count) & COUNT_MASK, (self.sum_paise - self.tick_sum_paise) & SUM_MASK
        if time_ms >= newest_ms:
            return last
        newest = newest_ms // width_ms
        bucket, part_ms = divmod(time_ms, width_ms)
        if bucket < newest - BUCKETS_PER_WINDOW:
            bucket, part_ms = newest - BUCKETS_PER_WINDOW, 0
        base = window * SNAPSHOTS
        here = base + bucket % SNAPSHOTS
        count, sum_paise = self.counts[here], self.sums[here]
        if bucket == newest:
            (count_end, sum_end), width_ms = last, newest_ms - bucket * width_ms
        else:
            there = base + (bucket + 1) % SNAPSHOTS
            count_end, sum_end = self.counts[there], self.sums[there]
        if count_end == count:
            return count, sum_paise
        count += ((count_end - count) & COUNT_MASK) * part_ms // width_ms
        sum_paise += ((sum_end - sum_paise) & SUM_MASK) * part_ms // width_ms
        return count & COUNT_MASK, sum_paise & SUM_MASK
