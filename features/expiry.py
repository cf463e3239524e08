"""When an account is forgotten: after 31 d without a payment it is a stub, after 400 d it reads as absent.

The 31 d need no clock: no feature but the ages and the verdict count looks back more than 30 d. `shrink` only gives the
memory back, 15 d later than it could, so that for payments up to 15 d out of order no answer depends on whether or when
it ran. For later ones to be as sure, call it with the partition's newest event time before each `read`, as the stages
do: then it is a function of the log.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from features.account import KEEP_MS, NEVER, NEWNESS_MS
from features.clock import DAY_MS
from features.columns import running_totals
from features.parties import Parties

if TYPE_CHECKING:
    from features.account import AccountState

STUB_AFTER_MS = 31 * DAY_MS
ABSENT_AFTER_MS = 400 * DAY_MS
LATE_ALLOWED_MS = KEEP_MS - NEWNESS_MS


def is_absent(state: AccountState, time_ms: int) -> bool:
    """Tell whether the account reads as absent at a time: its last payment is more than 400 d before."""
    return time_ms - state.last_ms > ABSENT_AFTER_MS and state.last_ms != NEVER


def may_vanish(state: AccountState, now_ms: int) -> bool:
    """Tell whether nothing of the account can be read any more: its record may be deleted."""
    if state.last_ms != NEVER:
        return now_ms - state.last_ms > ABSENT_AFTER_MS + LATE_ALLOWED_MS
    newest_verdict_ms = state.verdict_marks[-1] >> 1 if state.verdict_marks else NEVER
    return now_ms - newest_verdict_ms > STUB_AFTER_MS + LATE_ALLOWED_MS


def may_shrink(state: AccountState, now_ms: int) -> bool:
    """Tell whether the account's payments can be read no more, while its ages and verdicts can."""
    return bool(state.times) and now_ms - state.last_ms > STUB_AFTER_MS + LATE_ALLOWED_MS


def clear_payments(state: AccountState) -> None:
    """Leave a stub: first and last seen, and the verdicts."""
    state.dropped_ms = state.last_ms
    state.base_ms = 0
    state.times, state.amounts, state.parties = array("I"), array("I"), Parties()
    state.totals = running_totals(state.amounts)
    state.slots, state.flags = bytearray(), bytearray()
    state.overflow = None
