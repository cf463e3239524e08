"""Where in time parts of an account's columns begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.layout import COUNT, TIMES

if TYPE_CHECKING:
    from features.sketch import Account


@compiled
def find_end(account: Account, time_ms: int) -> int:
    """Return the index of the first payment at or after T, which is most often the newest or none: from the end."""
    end = int(account[COUNT])
    while end > 0 and account[TIMES + end - 1] >= time_ms:
        end -= 1
    return end


@compiled
def find_since(account: Account, start_ms: int, end: int) -> int:
    """Return the index of the first payment of [0, end) at or after a time long past: by halves."""
    start = 0
    while start < end:
        middle = (start + end) >> 1
        if account[TIMES + middle] < start_ms:
            start = middle + 1
        else:
            end = middle
    return start
