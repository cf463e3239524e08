"""Putting a payment into an account's columns: appended, put in its place, or pushed out into the overflow."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from features.account import KEEP_MS, LAST, NEVER, RING_MAX, TIME_END
from features.columns import running_totals
from features.overflow import SUM_MASK, Overflow

if TYPE_CHECKING:
    from features.account import AccountState

_NARROW_END = 1 << 32


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
    if _overflows_itself(state, time_ms, amount_paise, party, shape):
        state.dropped_ms = max(state.dropped_ms, time_ms)
        return
    _place(state, time_ms - state.base_ms, amount_paise, state.parties.take(party, slot), flags)


def _overflows_itself(state: AccountState, time_ms: int, amount_paise: int, party: int, shape: tuple[int, int]) -> bool:
    """Make place in a full ring by pushing out the oldest; True if that is the arriving payment itself."""
    overflow = state.overflow
    is_full = len(state.times) == RING_MAX
    if is_full:
        if overflow is None:
            overflow = state.overflow = _start_overflow(state, shape)
        oldest_ms = state.times[0] + state.base_ms
        if time_ms < oldest_ms:
            overflow.push(time_ms, amount_paise)
            overflow.note_party(party, time_ms, RING_MAX)
            return True
        overflow.push(oldest_ms, state.amounts[0])
        _drop_one(state)
    if overflow is not None:
        overflow.note_party(party, time_ms, len(state.times))
    return False


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
    totals.append((totals[-1] + amount_paise) & SUM_MASK)


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
