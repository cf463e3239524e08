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
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from features.clock import DAY_MS
from features.columns import running_totals
from features.overflow import Overflow
from features.parties import Parties

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
_NARROW_END = 1 << 32
_TOTAL_MASK = (1 << 64) - 1

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


def insert(
    state: AccountState,
    time_ms: int,
    amount_paise: int,
    *,
    party: int,
    slot: int,
    flags: int,
    shape: tuple[int, int],
) -> None:
    """Put one payment in its place, dropping what is too old and overflowing what is too much.

    `slot` is what `find` said of the party, `flags` comes without LAST, `shape` is the sketch's (rows, columns).
    """
    times = state.times
    count = len(times)
    relative = time_ms - state.base_ms
    in_order = count and state.last_ms <= time_ms and relative < TIME_END and relative - times[0] <= KEEP_MS
    if in_order and count < RING_MAX and state.overflow is None:  # nearly always, and nothing but an append
        state.last_ms = time_ms
        _append(state, relative, amount_paise, state.parties.take(party, slot), flags)
        return
    state.first_ms = time_ms if state.first_ms == NEVER else min(state.first_ms, time_ms)
    newest_ms = state.last_ms = max(state.last_ms, time_ms)
    if time_ms < newest_ms - KEEP_MS:
        state.dropped_ms = max(state.dropped_ms, time_ms)
        return
    _make_room(state, newest_ms)
    relative = time_ms - state.base_ms
    overflow = state.overflow
    if len(state.times) == RING_MAX:
        if overflow is None:
            overflow = state.overflow = _start_overflow(state, shape)
        if relative < state.times[0]:
            overflow.push(time_ms, amount_paise)
            overflow.note_party(party, time_ms, RING_MAX)
            state.dropped_ms = max(state.dropped_ms, time_ms)
            return
        overflow.push(state.times[0] + state.base_ms, state.amounts[0])
        _drop_one(state)
    if overflow is not None:
        overflow.note_party(party, time_ms, len(state.times))
    _place(state, relative, amount_paise, state.parties.take(party, slot), flags)


def drop_oldest(state: AccountState, count: int) -> None:
    """Forget the `count` oldest payments and the parties that only they had."""
    state.dropped_ms = max(state.dropped_ms, state.times[count - 1] + state.base_ms)
    gone = bytes(state.slots[:count])
    for column in (state.times, state.amounts, state.slots, state.flags, state.totals):
        del column[:count]
    for slot in set(gone):
        if slot not in state.slots:
            state.parties.free(slot)


def _drop_one(state: AccountState) -> None:
    """Forget the oldest payment: what `drop_oldest` does, for the account that is full at every payment."""
    state.dropped_ms = max(state.dropped_ms, state.times.pop(0) + state.base_ms)
    slot = state.slots.pop(0)
    del state.amounts[0], state.flags[0], state.totals[0]
    if slot not in state.slots:
        state.parties.free(slot)


def _make_room(state: AccountState, newest_ms: int) -> None:
    """Let the base follow the newest payment, and drop what lies more than 45 d behind it."""
    times = state.times
    if not times:
        state.base_ms = newest_ms - KEEP_MS
        return
    oldest = newest_ms - KEEP_MS - state.base_ms
    if times[0] < oldest:
        drop_oldest(state, bisect_left(times, oldest))
    if newest_ms - state.base_ms >= TIME_END:
        state.times = array("I", [time - oldest for time in state.times])
        state.base_ms += oldest
    if state.overflow is not None and state.overflow.newest_ms < newest_ms - KEEP_MS:
        state.overflow = None


def _start_overflow(state: AccountState, shape: tuple[int, int]) -> Overflow:
    overflow = Overflow.start(shape)
    for time, slot in zip(state.times, state.slots, strict=True):
        overflow.sketch.add(state.parties.hashes[slot], time + state.base_ms)
    return overflow


def _append(state: AccountState, relative: int, amount_paise: int, slot: int, flags: int) -> None:
    """Put the newest payment at the end of every column."""
    if amount_paise >= _NARROW_END and state.amounts.typecode == "I":
        state.amounts = array("Q", state.amounts)
    slots, totals = state.slots, state.totals
    earlier = slots.rfind(slot)
    if earlier >= 0:
        state.flags[earlier] &= ~LAST
    state.times.append(relative)
    state.amounts.append(amount_paise)
    slots.append(slot)
    state.flags.append(flags | LAST)
    totals.append((totals[-1] + amount_paise) & _TOTAL_MASK)


def _place(state: AccountState, relative: int, amount_paise: int, slot: int, flags: int) -> None:
    """Put a payment in its place by time, after those of the same time."""
    times, slots = state.times, state.slots
    if not times or times[-1] <= relative:
        _append(state, relative, amount_paise, slot, flags)
        return
    if amount_paise >= _NARROW_END and state.amounts.typecode == "I":
        state.amounts = array("Q", state.amounts)
    at = bisect_right(times, relative)
    if slots.find(slot, at) < 0:
        earlier = slots.rfind(slot, 0, at)
        if earlier >= 0:
            state.flags[earlier] &= ~LAST
        flags |= LAST
    times.insert(at, relative)
    state.amounts.insert(at, amount_paise)
    slots.insert(at, slot)
    state.flags.insert(at, flags)
    state.totals = running_totals(state.amounts)
