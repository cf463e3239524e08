"""When an account is forgotten: after 31 d without a payment it is a stub, after 400 d it reads as absent.

The 31 d need no clock: no feature but the ages and the verdict count looks back more than 30 d. `shrink` only gives
the memory back, 15 d later than it could. Before each payment or verdict it is called with the newest event time that
was accepted so far, which is a function of the log: so no answer, however late its payment, depends on whether or when
a sweep ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.clock import DAY_MS
from features.compiled import compiled
from features.layout import (
    COUNT,
    DEBIT_COUNT,
    DEVICE_COUNT,
    DROPPED_MS,
    FIRST_MS,
    KEEP_MS,
    KEY_COUNT,
    LAST_MS,
    NEVER,
    NEWNESS_MS,
    OVERFLOWS,
    VERDICT_COUNT,
    VERDICT_MARKS,
)

if TYPE_CHECKING:
    from features.sketch import Account

STUB_AFTER_MS = 31 * DAY_MS
ABSENT_AFTER_MS = 400 * DAY_MS
LATE_ALLOWED_MS = KEEP_MS - NEWNESS_MS


@compiled
def clear(account: Account) -> None:
    """Make it an account never seen."""
    account[COUNT] = account[KEY_COUNT] = account[VERDICT_COUNT] = account[DEVICE_COUNT] = account[OVERFLOWS] = 0
    account[DEBIT_COUNT] = 0
    account[FIRST_MS] = account[LAST_MS] = account[DROPPED_MS] = NEVER


@compiled
def clear_if_absent(account: Account, time_ms: int) -> None:
    """Forget an account whose last payment is more than 400 d before a time."""
    if account[LAST_MS] != NEVER and time_ms - account[LAST_MS] > ABSENT_AFTER_MS:
        clear(account)


@compiled
def may_vanish(account: Account, now_ms: int) -> bool:
    """Tell whether nothing of the account can be read any more: its record may be deleted."""
    if account[LAST_MS] != NEVER:
        return bool(now_ms - account[LAST_MS] > ABSENT_AFTER_MS + LATE_ALLOWED_MS)
    verdicts = account[VERDICT_COUNT]
    newest_verdict_ms = account[VERDICT_MARKS + verdicts - 1] >> 1 if verdicts else NEVER
    return bool(now_ms - newest_verdict_ms > STUB_AFTER_MS + LATE_ALLOWED_MS)


@compiled
def shrink(account: Account, now_ms: int) -> None:
    """Give up what can be read no more at `now_ms`, the newest event time: all, or all but ages, verdicts and keys.

    Keys stay, or a payment that comes seven weeks late would be decided again when it is repeated.
    """
    if may_vanish(account, now_ms):
        clear(account)
    elif account[COUNT] and now_ms - account[LAST_MS] > STUB_AFTER_MS + LATE_ALLOWED_MS:
        account[DROPPED_MS] = account[LAST_MS]
        account[COUNT] = account[DEVICE_COUNT] = account[DEBIT_COUNT] = account[OVERFLOWS] = 0
