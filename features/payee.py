"""The payee's side of a payment: who paid this account before, and what it did with the money, read and folded.

`read_row` gives the features of the row after the payer's, in the order of `features/vector.py`. A merchant with a
million payments a day costs what a person with 256 payments costs: its ring is no longer, and what it pushes out is
counters and a sketch.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled, compiled_making_arrays
from features.events import (
    ACCOUNT,
    AMOUNT_PAISE,
    BITS,
    DEBIT,
    ENTITY,
    ENTITY_GIVEN,
    FAILED_BIT,
    KIND,
    PARTY,
    STATUS_BIT,
    TIME_MS,
    VERDICT,
    flag,
)
from features.expiry import clear_if_absent
from features.expiry import shrink as shrink_account
from features.habits import DAY, read_habits
from features.habits import WIDTH as HABITS
from features.judged import MONTH_MS, count_frauds, read_judged
from features.judged import WIDTH as JUDGED
from features.layout import FAILED, NEVER, PARTIES, STATUS_GIVEN, TIMES, VERDICTS_MAX, WINDOW_COUNT
from features.passing import WIDTH as PASSING
from features.passing import read_passing, take_debit
from features.payer import HOUR
from features.reading import age_days, count_amount, over_largest, over_mean, put_windows, seconds_since_last
from features.ring import insert
from features.side import NEW, Side
from features.vector import FEATURE_COUNT, PAYER_FEATURE_COUNT
from features.verdicts import add_verdict
from features.windows import BOUNDS, IN_RING, NEWS, TALLY_ROWS, read_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.events import Events
    from features.sketch import Account
    from features.windows import Tally

SHAPE = (10, 64)

_OWN_AT = 3 * WINDOW_COUNT
_FROM_PAYER = 11
_PASSING_AT = _OWN_AT + 13
_HABITS_AT = _PASSING_AT + PASSING
_JUDGED_AT = _HABITS_AT + HABITS


@compiled_making_arrays
def run(
    arena: NDArray[np.int64],
    events: Events,
    rows: NDArray[np.float64],
    outcomes: NDArray[np.int64],
    watermark_ms: int,
) -> int:
    """Read and fold events in order: a row each; a verdict or a debit leaves its row as it is.

    `watermark_ms` is the newest event time before them, and what is returned the newest one after.
    """
    tally = np.zeros((TALLY_ROWS, WINDOW_COUNT), np.int64)
    for at in range(len(events)):
        event = events[at]
        account = arena[event[ACCOUNT]]
        outcomes[at] = NEW
        shrink_account(account, watermark_ms)
        clear_if_absent(account, event[TIME_MS])
        if event[KIND] == VERDICT:
            add_verdict(account, event, VERDICTS_MAX)
        elif event[KIND] == DEBIT:
            take_debit(account, event)
        else:
            read_row(account, event, rows[at], tally)
            fold_payment(account, event)
            watermark_ms = max(watermark_ms, event[TIME_MS])
    return watermark_ms


@compiled
def read_row(account: Account, event: Events, row: NDArray[np.float64], tally: Tally) -> None:
    """Fill a row with the payee's features of a payment from what came before it; `account` is not absent."""
    time_ms, amount_paise = event[TIME_MS], event[AMOUNT_PAISE]
    read_windows(account, SHAPE, time_ms, tally)
    put_windows(tally, row, 0)
    end, in_day = tally[BOUNDS, 1], tally[IN_RING, DAY]
    own = row[_OWN_AT:]
    from_payer, last_ms = 0, NEVER
    for at in range(tally[BOUNDS, 0], end):
        if account[PARTIES + at] == event[PARTY]:
            from_payer += 1
            last_ms = account[TIMES + at]
    own[0] = from_payer == 0
    own[1] = tally[NEWS, HOUR]
    own[2] = tally[NEWS, DAY]
    own[3] = tally[NEWS, DAY] / in_day if in_day else nan
    own[4] = over_mean(amount_paise, tally)
    own[5] = over_largest(account, amount_paise, tally)
    own[6] = count_amount(account, amount_paise, end - in_day, end)
    own[7] = seconds_since_last(account, end, time_ms)
    own[8] = age_days(account, time_ms)
    own[9] = count_frauds(account, time_ms, MONTH_MS)
    own[10] = flag(event[BITS], ENTITY_GIVEN, ENTITY)
    own[_FROM_PAYER] = from_payer
    own[_FROM_PAYER + 1] = (time_ms - last_ms) / 1000 if from_payer else nan
    read_passing(account, time_ms, tally, row[_PASSING_AT:_HABITS_AT])
    read_habits(account, event, tally, row[_HABITS_AT:_JUDGED_AT])
    read_judged(account, time_ms, amount_paise, tally, row[_JUDGED_AT : _JUDGED_AT + JUDGED])


@compiled
def fold_payment(account: Account, event: Events) -> None:
    """Take a payment in; `account` is not absent."""
    flags = 0
    if event[BITS] & FAILED_BIT:
        flags |= FAILED
    if event[BITS] & STATUS_BIT:
        flags |= STATUS_GIVEN
    insert(account, SHAPE, event[TIME_MS], event[AMOUNT_PAISE], event[PARTY], flags)


PAYEES = Side("payee", SHAPE, FEATURE_COUNT - PAYER_FEATURE_COUNT, run, verdicts=VERDICTS_MAX, has_keys=False)

empty = PAYEES.empty
read = PAYEES.read
fold = PAYEES.fold
fold_debit = PAYEES.fold_debit
fold_verdict = PAYEES.fold_verdict
shrink = PAYEES.shrink
summary = PAYEES.summary
