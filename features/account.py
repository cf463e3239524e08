"""What one account remembers: its newest 256 payments by event time, in parallel columns, and what overflows.

```
        oldest by event time ───────────────────────────► newest
times   │ u32 ms after base_ms                            │   at most 45 d behind the newest
amounts │ u32 paise (u64 from the first amount over 2^32) │
slots   │ u8, the other party's slot in `parties`         │
flags   │ u8: NEW FAILED TINY LAST, device index in 4..7  │
totals  │ running sums of amounts, one longer than the rest; derived, never stored
```

A payment that arrives out of order is put in its place; among equal times, arrival order. What the 257th pushes out
goes to `overflow`. `LAST` marks the newest payment of each party, so that the different parties of the newest k
payments are a count of bits. Windows never look back more than 30 d, and 45 d are kept: answers are the same for
payments up to 15 d out of order, and no answer depends on whether older ones are still here.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from features.clock import DAY_MS
from features.parties import Parties

if TYPE_CHECKING:
    from features.overflow import Overflow

RING_MAX = 256
KEEP_MS = 45 * DAY_MS
NEWNESS_MS = 30 * DAY_MS
NEVER = -1
TINY_PAISE_MAX = 1_000

NEW = 1  # the payer had not paid this payee within 30 d before
FAILED = 2
TINY = 4
LAST = 8  # no newer payment here has the same party
DEVICE_SHIFT = 4
DEVICES_MAX = 15

TIME_END = 1 << 32

assert TIME_END > KEEP_MS, "the kept span must fit the time column"  # noqa: S101 - a relation of constants
assert KEEP_MS > NEWNESS_MS, "windows must end before what is kept"  # noqa: S101 - a relation of constants


@dataclass(slots=True)
class AccountState:
    """One account's memory; see the module's drawing. Times are epoch ms, NEVER where there is none."""

    base_ms: int = 0
    times: array[int] = field(default_factory=lambda: array("I"))
    amounts: array[int] = field(default_factory=lambda: array("I"))
    slots: bytearray = field(default_factory=bytearray)
    flags: bytearray = field(default_factory=bytearray)
    parties: Parties = field(default_factory=Parties)
    totals: array[int] = field(default_factory=lambda: array("Q", (0,)), compare=False)
    first_ms: int = NEVER
    last_ms: int = NEVER
    dropped_ms: int = NEVER
    overflow: Overflow | None = None
    verdict_ids: array[int] = field(default_factory=lambda: array("Q"))
    verdict_marks: array[int] = field(default_factory=lambda: array("q"))


def is_new_party(state: AccountState, time_ms: int, slot: int) -> bool:
    """Tell whether no payment with this slot's party lies in [time - 30 d, time)."""
    if slot < 0:
        return True
    times = state.times
    relative = time_ms - state.base_ms
    before = len(times) if times[-1] < relative else bisect_left(times, relative)
    at = state.slots.rfind(slot, 0, before)
    return at < 0 or times[at] < relative - NEWNESS_MS
