"""The newest fraud verdicts on one account's payments, and what corrected them, in columns sorted by label time.

Of each verdict: the payment's id (32 bits of its hash), its mark (the label time in ms times 2, plus 1 for fraud), the
payment's own time and amount. A verdict that repeats what is known of its payment changes nothing; a later one that
contradicts it counts from its own label time on (at the same ms, fraud holds), so what was known before T never
changes. That a payment was no fraud is kept only where fraud was said of it: a history says it of nearly every payment,
and the places would hold nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.events import AMOUNT_PAISE, BITS, FRAUD_BIT, JUDGED_MS, KEY, TIME_MS
from features.layout import VERDICT_AMOUNTS, VERDICT_COUNT, VERDICT_IDS, VERDICT_MARKS, VERDICT_TIMES, VERDICTS_MAX

if TYPE_CHECKING:
    from features.events import Events
    from features.sketch import Account

ID_SHIFT = 31
_UNSAID = -1


@compiled
def add_verdict(account: Account, event: Events, most: int) -> None:
    """Put a verdict in its place if it says of a payment what was not said; of more than `most` the oldest goes."""
    fraud = 1 if event[BITS] & FRAUD_BIT else 0
    count, identity, mark = account[VERDICT_COUNT], event[KEY] >> ID_SHIFT, event[TIME_MS] * 2 + fraud
    at = count
    while at > 0 and account[VERDICT_MARKS + at - 1] > mark:
        at -= 1
    before = _said(account, identity, at - 1, -1, -1)
    after = _said(account, identity, at, count, 1)
    if fraud in (before, after) or (fraud == 0 and before == _UNSAID):
        return
    if count == most:
        if at == 0:
            return
        at -= 1
        for column in (VERDICT_IDS, VERDICT_MARKS, VERDICT_TIMES, VERDICT_AMOUNTS):
            for moved in range(column, column + at):
                account[moved] = account[moved + 1]
    else:
        for column in (VERDICT_IDS, VERDICT_MARKS, VERDICT_TIMES, VERDICT_AMOUNTS):
            for moved in range(column + count, column + at, -1):
                account[moved] = account[moved - 1]
        account[VERDICT_COUNT] = count + 1
    account[VERDICT_IDS + at], account[VERDICT_MARKS + at] = identity, mark
    account[VERDICT_TIMES + at], account[VERDICT_AMOUNTS + at] = event[JUDGED_MS], event[AMOUNT_PAISE]


@compiled
def _said(account: Account, identity: int, start: int, stop: int, step: int) -> int:
    """Return what the nearest verdict on this payment says in one direction, or -1."""
    for at in range(start, stop, step):
        if account[VERDICT_IDS + at] == identity:
            return int(account[VERDICT_MARKS + at] & 1)
    return _UNSAID


@compiled
def is_known_fraud(account: Account, at: int, time_ms: int) -> bool:
    """Tell whether the verdict at a place says fraud, is known before T and was not corrected before T."""
    mark, end = account[VERDICT_MARKS + at], time_ms * 2
    if mark >= end or not mark & 1:
        return False
    for later in range(at + 1, account[VERDICT_COUNT]):
        if account[VERDICT_IDS + later] == account[VERDICT_IDS + at] and account[VERDICT_MARKS + later] < end:
            return False
    return True


assert VERDICTS_MAX < 1 << 8, "their number is one byte at rest"  # noqa: S101 - a relation of constants
