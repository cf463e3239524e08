"""The newest 16 fraud verdicts on one account's payments, and what corrected them, in columns sorted by label time.

A verdict's id is its payment's id hash, its mark the label time in ms times 2, plus 1 for fraud. A verdict that repeats
what is known of its payment changes nothing; a later one that contradicts it counts from its own label time on (at the
same ms, fraud holds), so what was known before T never changes. That a payment was no fraud is kept only where fraud
was said of it: a history says it of nearly every payment, and 16 places would hold nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.clock import DAY_MS
from features.compiled import compiled
from features.layout import VERDICT_COUNT, VERDICT_IDS, VERDICT_MARKS, VERDICTS_MAX

if TYPE_CHECKING:
    from features.sketch import Account

VERDICT_WINDOW_MS = 30 * DAY_MS
_UNSAID = -1


@compiled
def add_verdict(account: Account, identity: int, label_time_ms: int, fraud: int) -> None:
    """Put a verdict in its place if it says of a payment what was not said of it; the oldest of more than 16 goes."""
    count, mark = account[VERDICT_COUNT], label_time_ms * 2 + fraud
    at = count
    while at > 0 and account[VERDICT_MARKS + at - 1] > mark:
        at -= 1
    before = _said(account, identity, at - 1, -1, -1)
    after = _said(account, identity, at, count, 1)
    if fraud in (before, after) or (fraud == 0 and before == _UNSAID):
        return
    if count == VERDICTS_MAX:
        if at == 0:
            return
        for column in (VERDICT_IDS, VERDICT_MARKS):
            for moved in range(column, column + at - 1):
                account[moved] = account[moved + 1]
        at -= 1
    else:
        for column in (VERDICT_IDS, VERDICT_MARKS):
            for moved in range(column + count, column + at, -1):
                account[moved] = account[moved - 1]
        account[VERDICT_COUNT] = count + 1
    account[VERDICT_IDS + at], account[VERDICT_MARKS + at] = identity, mark


@compiled
def _said(account: Account, identity: int, start: int, stop: int, step: int) -> int:
    """Return what the nearest verdict on this payment says in one direction, or -1."""
    for at in range(start, stop, step):
        if account[VERDICT_IDS + at] == identity:
            return int(account[VERDICT_MARKS + at] & 1)
    return _UNSAID


@compiled
def count_fraud_verdicts(account: Account, time_ms: int) -> int:
    """Return how many payments were known as fraud by verdicts with label time in [T - 30 d, T), 16 at most."""
    start, end = (time_ms - VERDICT_WINDOW_MS) * 2, time_ms * 2
    frauds = 0
    for at in range(account[VERDICT_COUNT]):
        mark = account[VERDICT_MARKS + at]
        if start <= mark < end and mark & 1:
            identity, is_last = account[VERDICT_IDS + at], True
            for later in range(at + 1, account[VERDICT_COUNT]):
                if account[VERDICT_IDS + later] == identity and account[VERDICT_MARKS + later] < end:
                    is_last = False
            frauds += is_last
    return frauds
