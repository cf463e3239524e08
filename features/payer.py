"""The payer's side of a payment: what this account did before, read and folded.

`read_row` gives the first PAYER_FEATURE_COUNT features of the row, in the order of `features/vector.py`. A payer
remembers the keys of its newest 256 payments in the order they came, so that a repeat is known however late it is, and
up to 15 devices of the payments in its ring.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS
from features.compiled import compiled, compiled_making_arrays
from features.devices import find_device, take_device
from features.events import (
    ACCOUNT,
    AMOUNT_PAISE,
    BITS,
    COLLECT,
    COLLECT_GIVEN,
    DEVICE,
    FAILED_BIT,
    KIND,
    NO_DEVICE,
    PARTY,
    STATUS_BIT,
    TIME_MS,
    VERDICT,
    flag,
)
from features.expiry import clear_if_absent
from features.expiry import shrink as shrink_account
from features.habits import DAY, MONTH, WEEK, read_habits
from features.habits import WIDTH as HABITS
from features.judged import MONTH_MS, count_frauds, read_judged
from features.judged import WIDTH as JUDGED
from features.layout import (
    DEVICE_COUNT,
    DEVICE_SHIFT,
    FAILED,
    FLAGS,
    NEVER,
    PARTIES,
    STATUS_GIVEN,
    TIMES,
    WINDOW_COUNT,
)
from features.reading import PAISE, age_days, over_largest, over_mean, put_windows, seconds_since_last
from features.repeats import find_repeat, remember
from features.ring import insert
from features.side import NEW, Side
from features.vector import PAYER_FEATURE_COUNT
from features.verdicts import add_verdict
from features.windows import BOUNDS, FAILS, GIVEN, NEWS, TALLY_ROWS, TINIES, read_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.events import Events
    from features.sketch import Account
    from features.windows import Tally

SHAPE = (7, 32)
ROUND_PAISE = 100_00
VERDICTS_KEPT = 24
HOUR = 1

_WINDOWS_AT = 5
_OWN_AT = _WINDOWS_AT + 3 * WINDOW_COUNT
_APPROVALS = 14
_HABITS_AT = _OWN_AT + 16
_JUDGED_AT = _HABITS_AT + HABITS


@compiled_making_arrays
def run(
    arena: NDArray[np.int64],
    events: Events,
    rows: NDArray[np.float64],
    outcomes: NDArray[np.int64],
    watermark_ms: int,
) -> int:
    """Read and fold events in order: a row and an outcome each; a repeat or a verdict leaves its row as it is.

    `watermark_ms` is the newest event time accepted before them, and what is returned the newest one after.
    """
    tally = np.zeros((TALLY_ROWS, WINDOW_COUNT), np.int64)
    for at in range(len(events)):
        event = events[at]
        account = arena[event[ACCOUNT]]
        shrink_account(account, watermark_ms)
        if event[KIND] == VERDICT:
            clear_if_absent(account, event[TIME_MS])
            add_verdict(account, event, VERDICTS_KEPT)
            outcomes[at] = NEW
            continue
        outcomes[at] = find_repeat(account, event)
        if outcomes[at] == NEW:
            clear_if_absent(account, event[TIME_MS])
            read_row(account, event, rows[at], tally)
            fold_payment(account, event)
            watermark_ms = max(watermark_ms, event[TIME_MS])
    return watermark_ms


@compiled
def read_row(account: Account, event: Events, row: NDArray[np.float64], tally: Tally) -> None:
    """Fill a row with the payer's features of a payment from what came before it; `account` is not absent."""
    time_ms, amount_paise = event[TIME_MS], event[AMOUNT_PAISE]
    shifted = time_ms + IST_OFFSET_MS
    read_windows(account, SHAPE, time_ms, tally)
    row[0] = amount_paise / PAISE
    row[1] = amount_paise % ROUND_PAISE == 0
    row[2] = shifted % DAY_MS / HOUR_MS
    row[3] = (shifted // DAY_MS + 3) % 7
    row[4] = flag(event[BITS], COLLECT_GIVEN, COLLECT)
    put_windows(tally, row, _WINDOWS_AT)
    own = row[_OWN_AT:]
    own[0] = over_mean(amount_paise, tally)
    own[1] = over_largest(account, amount_paise, tally)
    own[2] = seconds_since_last(account, tally[BOUNDS, 1], time_ms)
    own[3] = age_days(account, time_ms)
    _read_payee(account, event, own[4:7], tally)
    own[7] = tally[NEWS, HOUR]
    own[8] = tally[NEWS, DAY]
    _read_devices(account, event[DEVICE], own[9:11], tally)
    own[11] = tally[FAILS, DAY]
    own[12] = tally[TINIES, HOUR]
    own[13] = count_frauds(account, time_ms, MONTH_MS)
    for at, window in ((_APPROVALS, WEEK), (_APPROVALS + 1, MONTH)):
        given = tally[GIVEN, window]
        own[at] = 1.0 - tally[FAILS, window] / given if given else nan
    read_habits(account, event, tally, row[_HABITS_AT:_JUDGED_AT])
    read_judged(account, time_ms, amount_paise, tally, row[_JUDGED_AT : _JUDGED_AT + JUDGED])


@compiled
def _read_payee(account: Account, event: Events, own: NDArray[np.float64], tally: Tally) -> None:
    """Put (payee is new, payments to it, seconds since the last) of the 30 d."""
    count, last_ms = 0, NEVER
    for at in range(tally[BOUNDS, 0], tally[BOUNDS, 1]):
        if account[PARTIES + at] == event[PARTY]:
            count += 1
            last_ms = account[TIMES + at]
    own[0] = count == 0
    own[1] = count
    own[2] = (event[TIME_MS] - last_ms) / 1000 if count else nan


@compiled
def _read_devices(account: Account, device: int, own: NDArray[np.float64], tally: Tally) -> None:
    """Put (the device is new, devices used) of the 30 d; NaN where none was given, now or in all of those payments."""
    used = 0
    for at in range(tally[BOUNDS, 0], tally[BOUNDS, 1]):
        used |= 1 << (account[FLAGS + at] >> DEVICE_SHIFT)
    count = 0
    for index in range(1, account[DEVICE_COUNT] + 1):
        count += used >> index & 1
    own[0] = own[1] = nan
    if count:
        own[1] = count
        if device != NO_DEVICE:
            index = find_device(account, device)
            own[0] = 0.0 if index and used >> index & 1 else 1.0


@compiled
def fold_payment(account: Account, event: Events) -> None:
    """Take a payment in; `account` is not absent."""
    time_ms, amount_paise = event[TIME_MS], event[AMOUNT_PAISE]
    flags = 0
    if event[BITS] & FAILED_BIT:
        flags |= FAILED
    if event[BITS] & STATUS_BIT:
        flags |= STATUS_GIVEN
    if event[DEVICE] != NO_DEVICE:
        flags |= take_device(account, event[DEVICE]) << DEVICE_SHIFT
    remember(account, event)
    insert(account, SHAPE, time_ms, amount_paise, event[PARTY], flags)


PAYERS = Side("payer", SHAPE, PAYER_FEATURE_COUNT, run, verdicts=VERDICTS_KEPT, has_keys=True)

empty = PAYERS.empty
read = PAYERS.read
fold = PAYERS.fold
fold_verdict = PAYERS.fold_verdict
seen_before = PAYERS.seen_before
shrink = PAYERS.shrink
summary = PAYERS.summary
