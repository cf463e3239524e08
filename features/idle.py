"""Which debits of a part cannot change anything, so that their accounts need not be opened.

A debit counts only within 24 h of money coming in, and most come to accounts that were not paid for days, or never. The
bytes of an account say when it was paid last; where no other event of the part is of the account, that settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.events import ACCOUNT, DEBIT, KIND, TIME_MS
from features.layout import NEVER
from features.packing import last_times_ms
from features.passing import REACH_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events


def without_idle_debits(states: Sequence[bytes], events: Events) -> NDArray[np.bool_] | None:
    """Tell which of the events may change an account or be read; None: all of them."""
    debits = events[:, KIND] == DEBIT
    if not debits.any():
        return None
    last_ms = np.full(len(states), NEVER)
    of_debits = events[debits, ACCOUNT].tolist()
    last_ms[of_debits] = last_times_ms([states[at] for at in of_debits])
    last_ms = last_ms[events[:, ACCOUNT]]
    touched = np.zeros(len(states), np.bool_)
    touched[events[~debits, ACCOUNT]] = True
    reached = (last_ms != NEVER) & (events[:, TIME_MS] - last_ms <= REACH_MS)
    kept: NDArray[np.bool_] = ~debits | touched[events[:, ACCOUNT]] | reached
    return None if kept.all() else kept
