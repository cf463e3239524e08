"""Putting a payment into an account's columns: in its place by time, the oldest pushed out into the overflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.columns import find_end, find_since
from features.compiled import compiled
from features.counters import push_out
from features.layout import (
    AMOUNTS,
    COUNT,
    DROPPED_MS,
    FIRST_MS,
    FLAGS,
    KEEP_MS,
    LAST,
    LAST_MS,
    NEVER,
    NEW,
    NEWNESS_MS,
    OUT_NEWEST_MS,
    OVERFLOWS,
    PARTIES,
    RING_MAX,
    TIMES,
)
from features.overflow import note_party, start_overflow

if TYPE_CHECKING:
    from features.sketch import Account, Shape


@compiled
def insert(account: Account, shape: Shape, time_ms: int, amount_paise: int, party: int, flags: int) -> None:
    """Put one payment in its place, dropping what is too old and overflowing what is too much.

    `flags` comes without NEW and LAST; `shape` is the sketch's (rows, columns).
    """
    account[FIRST_MS] = time_ms if account[FIRST_MS] == NEVER else min(account[FIRST_MS], time_ms)
    newest_ms = account[LAST_MS] = max(account[LAST_MS], time_ms)
    if time_ms < newest_ms - KEEP_MS:
        account[DROPPED_MS] = max(account[DROPPED_MS], time_ms)
        return
    flags |= is_new_party(account, time_ms, party)
    _drop_old(account, newest_ms - KEEP_MS)
    if account[COUNT] == RING_MAX:
        if not account[OVERFLOWS]:
            start_overflow(account, shape)
        oldest_ms = account[TIMES]
        if time_ms < oldest_ms:
            push_out(account, time_ms, amount_paise)
            note_party(account, shape, party, time_ms, RING_MAX)
            account[DROPPED_MS] = max(account[DROPPED_MS], time_ms)
            return
        push_out(account, oldest_ms, account[AMOUNTS])
        drop_oldest(account, 1)
    if account[OVERFLOWS]:
        note_party(account, shape, party, time_ms, account[COUNT])
    _place(account, time_ms, amount_paise, party, flags)


@compiled
def has_party(account: Account, party: int, start: int, end: int) -> bool:
    """Tell whether a payment in [start, end) of the ring is with this party."""
    found = False
    for other in account[PARTIES + start : PARTIES + end]:
        found |= other == party
    return found


@compiled
def is_new_party(account: Account, time_ms: int, party: int) -> int:
    """Return NEW if no payment with this party lies in [time - 30 d, time), else 0."""
    end = find_end(account, time_ms)
    return 0 if has_party(account, party, find_since(account, time_ms - NEWNESS_MS, end), end) else NEW


@compiled
def drop_oldest(account: Account, count: int) -> None:
    """Forget the `count` oldest payments."""
    account[DROPPED_MS] = max(account[DROPPED_MS], account[TIMES + count - 1])
    left = account[COUNT] - count
    for first in (TIMES, AMOUNTS, PARTIES, FLAGS):
        for at in range(first, first + left):
            account[at] = account[at + count]
    account[COUNT] = left


@compiled
def _drop_old(account: Account, oldest_ms: int) -> None:
    """Drop what lies before `oldest_ms`."""
    old = 0
    while old < account[COUNT] and account[TIMES + old] < oldest_ms:
        old += 1
    if old:
        drop_oldest(account, old)
    if account[OVERFLOWS] and account[OUT_NEWEST_MS] < oldest_ms:
        account[OVERFLOWS] = 0


@compiled
def _place(account: Account, time_ms: int, amount_paise: int, party: int, flags: int) -> None:
    """Put a payment after those of its time and before later ones, and keep LAST true."""
    at = account[COUNT]
    while at > 0 and account[TIMES + at - 1] > time_ms:
        at -= 1
    if not has_party(account, party, at, account[COUNT]):
        flags |= LAST
        if has_party(account, party, 0, at):
            _clear_last(account, party, at)
    for first in (TIMES, AMOUNTS, PARTIES, FLAGS):
        for moved in range(first + account[COUNT], first + at, -1):
            account[moved] = account[moved - 1]
    account[TIMES + at], account[AMOUNTS + at] = time_ms, amount_paise
    account[PARTIES + at], account[FLAGS + at] = party, flags
    account[COUNT] += 1


@compiled
def _clear_last(account: Account, party: int, end: int) -> None:
    """Take LAST from the newest payment of [0, end) with this party."""
    for at in range(end - 1, -1, -1):
        if account[PARTIES + at] == party:
            account[FLAGS + at] &= ~LAST
            return
