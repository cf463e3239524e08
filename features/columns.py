"""Where in time parts of an account's columns begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.layout import TIMES

if TYPE_CHECKING:
    from features.sketch import Account


@compiled
def find_since(account: Account, start_ms: int, end: int) -> int:
    """Return the index of the first payment of [0, end) at or after a time."""
    start = 0
    while start < end:
        middle = (start + end) >> 1
        if account[TIMES + middle] < start_ms:
            start = middle + 1
        else:
            end = middle
    return start
