"""The newest 16 fraud verdicts on one account's payments, and what corrected them, in columns sorted by label time.

`verdict_ids` holds the payment's id hash, `verdict_marks` its label time in ms times 2, plus 1 for fraud. A verdict
that repeats what is known of its payment changes nothing; a later one that contradicts it counts from its own label
time on (at the same ms, fraud holds), so what was known before T never changes. That a payment was no fraud is kept
only where fraud was said of it: a history says it of nearly every payment, and 16 places would hold nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from features.clock import DAY_MS
from features.hashing import id_hash

if TYPE_CHECKING:
    from features.account import AccountState
    from features.transaction import Verdict

VERDICTS_MAX = 16
VERDICT_WINDOW_MS = 30 * DAY_MS


def add_verdict(state: AccountState, verdict: Verdict) -> None:
    """Put a verdict in its place if it says of a payment what was not said of it; the oldest of more than 16 goes."""
    ids, marks = state.verdict_ids, state.verdict_marks
    identity, fraud = id_hash(verdict.transaction_id), int(verdict.is_fraud)
    mark = verdict.label_time_ms * 2 + fraud
    at = bisect_right(marks, mark)
    before = _latest(state, identity, at - 1, -1, -1)
    after = _latest(state, identity, at, len(ids), 1)
    if fraud in (before, after) or (not fraud and before is None):
        return
    ids.insert(at, identity)
    marks.insert(at, mark)
    del ids[:-VERDICTS_MAX], marks[:-VERDICTS_MAX]


def _latest(state: AccountState, identity: int, start: int, stop: int, step: int) -> int | None:
    """Return what the nearest verdict on this payment says in one direction, or None."""
    for at in range(start, stop, step):
        if state.verdict_ids[at] == identity:
            return state.verdict_marks[at] & 1
    return None


def count_fraud_verdicts(state: AccountState, time_ms: int) -> int:
    """Return how many payments were known as fraud by verdicts with label time in [T - 30 d, T), 16 at most."""
    marks = state.verdict_marks
    if not marks:
        return 0
    start, end = bisect_left(marks, (time_ms - VERDICT_WINDOW_MS) * 2), bisect_left(marks, time_ms * 2)
    known = dict(zip(state.verdict_ids[start:end], marks[start:end], strict=True))
    return sum(mark & 1 for mark in known.values())
