"""Which debits of a part cannot change anything, so that their accounts need not be opened.

A debit counts only within 24 h of money coming in, and most come to accounts that were not paid for days, or never. The
bytes of an account say when it was paid last; where no other event of the part is of the account, that settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled, compiled_making_arrays
from features.events import ACCOUNT, COLUMNS, DEBIT, KIND, TIME_MS
from features.layout import NEVER
from features.packing import last_times_ms
from features.passing import REACH_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events

#: Where an account has another event than debits.
_TOUCHED = NEVER - 1


def without_idle_debits(states: Sequence[bytes], events: Events) -> NDArray[np.bool_] | None:
    """Tell which of the events may change an account or be read; None: all of them."""
    debits = accounts_of_debits(events)
    if not len(debits):
        return None
    last_ms = np.array(last_times_ms([states[at] for at in debits.tolist()]), np.int64)
    kept, count = _kept(events, debits, last_ms, len(states))
    return None if count == len(events) else kept


@compiled_making_arrays
def accounts_of_debits(events: Events) -> NDArray[np.int64]:
    """Return the account of each debit."""
    accounts, count = np.empty(len(events), np.int64), 0
    for at in range(len(events)):
        if events[at, KIND] == DEBIT:
            accounts[count] = events[at, ACCOUNT]
            count += 1
    return accounts[:count]


@compiled_making_arrays
def _kept(
    events: Events, debits: NDArray[np.int64], last_ms: NDArray[np.int64], accounts: int
) -> tuple[NDArray[np.bool_], int]:
    """Return which events are kept, and how many; `last_ms` is when the account of each debit was paid last."""
    paid_ms = np.full(accounts, NEVER)
    for debit in range(len(debits)):
        paid_ms[debits[debit]] = last_ms[debit]
    for at in range(len(events)):
        if events[at, KIND] != DEBIT:
            paid_ms[events[at, ACCOUNT]] = _TOUCHED
    kept, count = np.empty(len(events), np.bool_), 0
    for at in range(len(events)):
        kept[at] = _reaches(paid_ms[events[at, ACCOUNT]], events[at, TIME_MS])
        count += kept[at]
    return kept, count


@compiled
def _reaches(paid_ms: int, time_ms: int) -> bool:
    """Tell whether a debit counts for an account that was paid last then, or has other events."""
    if paid_ms == _TOUCHED:
        return True
    return paid_ms != NEVER and time_ms - paid_ms <= REACH_MS


@compiled_making_arrays
def take_kept(events: Events, kept: NDArray[np.bool_], ends: NDArray[np.int64]) -> tuple[Events, NDArray[np.int64]]:
    """Return those of the events that are kept, and where those of each lane end, which ended at `ends`."""
    some, fewer, count, lane = np.empty((len(events), COLUMNS), np.int64), np.empty_like(ends), 0, 0
    for at in range(len(events)):
        while ends[lane] <= at:
            fewer[lane] = count
            lane += 1
        if kept[at]:
            some[count] = events[at]
            count += 1
    fewer[lane:] = count
    return some[:count], fewer


@compiled
def put_kept(
    kept: NDArray[np.bool_],
    done: tuple[NDArray[np.float64], NDArray[np.int64]],
    rows: NDArray[np.float64],
    outcomes: NDArray[np.int64],
) -> None:
    """Put the rows and outcomes of events that were kept in their places among all; other outcomes are 0."""
    some_rows, some_outcomes = done
    count = 0
    for at in range(len(kept)):
        outcomes[at] = 0
        if kept[at]:
            outcomes[at] = some_outcomes[count]
            for column in range(rows.shape[1]):
                rows[at, column] = some_rows[count, column]
            count += 1
