"""Which earlier payments to the payee speak for an alert: up to five, from what was known strictly before it.

Only what may become an alert is asked for, a part at a time: the accounts concerned are folded once more up to each of
those payments, so that the answer is the same wherever a part was cut. A state knows times, amounts and hashes, no ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.clock import DAY_MS, HOUR_MS
from features.columns import find_end
from features.compiled import compiled, compiled_making_arrays
from features.events import ACCOUNT, AMOUNT_PAISE, KIND, PARTY, PAYMENT, TIME_MS, VERDICT
from features.expiry import clear_if_absent, shrink
from features.judged import MONTH_MS
from features.layout import (
    AMOUNTS,
    FAILED,
    FLAGS,
    NEVER,
    NEW,
    PARTIES,
    TIMES,
    VERDICT_AMOUNTS,
    VERDICT_COUNT,
    VERDICT_TIMES,
    VERDICTS_MAX,
)
from features.payee import PAYEES, fold_payment
from features.verdicts import add_verdict, is_known_fraud

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.processed import Lane
    from features.sketch import Account

EVIDENCE_MAX = 5

# What makes an earlier payment evidence; a larger sum goes before a smaller one, and of equals the newer.
KNOWN_FRAUD = 16  # a verdict of before says so
SAME_AMOUNT = 8  # within 24 h
NEW_PAYER = 4  # within 24 h, by somebody who had not paid this account in 30 d
SAME_PAYER = 2  # within 24 h
LAST_HOUR = 1
_STRENGTH = 31
HAS_FAILED = 32  # told beside the others, evidence of nothing by itself

_COLUMNS = 4
_TIME, _AMOUNT, _PARTY, _MARKS = range(_COLUMNS)


class Evidence(NamedTuple):
    """An earlier payment to the same payee: when, how much, 40 bits of who paid it, and a sum of what it is."""

    time_ms: int
    amount_paise: int
    payer: int
    marks: int


class Before(NamedTuple):
    """What the payee stage knows before a part: states, events and lanes as `PAYEES.process_lanes` takes them.

    `chosen` are the places among the part's events that may be asked for.
    """

    states: Sequence[bytes]
    events: Events
    chosen: NDArray[np.int64]
    lanes: Sequence[Lane]

    def evidence(self, asked: Sequence[int]) -> list[list[Evidence]]:
        """Return the evidence, newest first, of the payments that `chosen` has at the places `asked`, which rise."""
        if not asked:
            return []
        events, at = self.events, self.chosen[list(asked)]
        # Of each account the last place asked for: what comes after it need not be folded.
        last = np.full(len(self.states), -1)
        last[events[at, ACCOUNT]] = at
        own = np.arange(len(events)) <= last[events[:, ACCOUNT]]
        accounts = np.flatnonzero(last >= 0)
        replayed, wanted = events[own], np.zeros(len(events), np.bool_)
        replayed[:, ACCOUNT] = np.searchsorted(accounts, replayed[:, ACCOUNT])
        wanted[at] = True
        found = np.zeros((len(at), EVIDENCE_MAX, _COLUMNS), np.int64)
        arena = PAYEES.load([self.states[account] for account in accounts.tolist()])
        _replay(arena, replayed, wanted[own], _watermarks(events, self.lanes)[own], found)
        return [[Evidence(*one) for one in rows if one[_MARKS]] for rows in found.tolist()]


def _watermarks(events: Events, lanes: Sequence[Lane]) -> NDArray[np.int64]:
    """Return the newest event time before each event of a part."""
    times_ms = np.where(events[:, KIND] == PAYMENT, events[:, TIME_MS], NEVER)
    begins = [0, *(end for end, _ in lanes)]
    for begin, (end, watermark_ms) in zip(begins, lanes, strict=False):
        times_ms[begin:end] = np.maximum.accumulate([watermark_ms, *times_ms[begin:end]])[:-1]
    return times_ms


@compiled
def _replay(
    arena: NDArray[np.int64],
    events: Events,
    wanted: NDArray[np.bool_],
    watermarks_ms: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Fold events in order, and before each that is wanted put down its evidence."""
    asked = 0
    for at in range(len(events)):
        event = events[at]
        account = arena[event[ACCOUNT]]
        shrink(account, watermarks_ms[at])
        clear_if_absent(account, event[TIME_MS])
        if event[KIND] == VERDICT:
            add_verdict(account, event, VERDICTS_MAX)
        if event[KIND] != PAYMENT:
            continue
        if wanted[at]:
            _choose(account, event, found[asked])
            asked += 1
        fold_payment(account, event)


@compiled_making_arrays
def _choose(account: Account, event: Events, best: NDArray[np.int64]) -> None:
    """Fill `best`, which is empty, with the strongest evidence of the ring, newest first."""
    time_ms = event[TIME_MS]
    frauds = np.zeros(account[VERDICT_COUNT], np.bool_)
    for at in range(len(frauds)):
        frauds[at] = is_known_fraud(account, at, time_ms)
    for at in range(find_end(account, time_ms) - 1, -1, -1):
        if account[TIMES + at] < time_ms - MONTH_MS:
            return
        marks = _marks(account, at, event, frauds)
        if marks & _STRENGTH:
            _keep(best, account[TIMES + at], account[AMOUNTS + at], account[PARTIES + at], marks)


@compiled
def _marks(account: Account, at: int, event: Events, frauds: NDArray[np.bool_]) -> int:
    """Return what the payment at a place of the ring is evidence of."""
    paid_ms, paise, marks = account[TIMES + at], account[AMOUNTS + at], 0
    for verdict in range(len(frauds)):
        if frauds[verdict] and account[VERDICT_TIMES + verdict] == paid_ms:
            marks |= KNOWN_FRAUD * (account[VERDICT_AMOUNTS + verdict] == paise)
    age_ms = event[TIME_MS] - paid_ms
    if age_ms <= DAY_MS:
        marks |= SAME_AMOUNT * (paise == event[AMOUNT_PAISE])
        marks |= SAME_PAYER * (account[PARTIES + at] == event[PARTY])
        marks |= NEW_PAYER * (account[FLAGS + at] & NEW != 0)
        marks |= LAST_HOUR * (age_ms <= HOUR_MS)
    return int(marks | HAS_FAILED * (account[FLAGS + at] & FAILED != 0))


@compiled
def _keep(best: NDArray[np.int64], time_ms: int, paise: int, party: int, marks: int) -> None:
    """Put a payment behind the newer ones if there is room, or in for the last of the weakest that is weaker."""
    last = EVIDENCE_MAX - 1
    if best[last, _MARKS]:
        weakest = 0
        for at in range(1, EVIDENCE_MAX):
            if best[at, _MARKS] & _STRENGTH <= best[weakest, _MARKS] & _STRENGTH:
                weakest = at
        if best[weakest, _MARKS] & _STRENGTH >= marks & _STRENGTH:
            return
        for at in range(weakest, last):
            for word in range(_COLUMNS):
                best[at, word] = best[at + 1, word]
    else:
        last = 0
        while best[last, _MARKS]:
            last += 1
    best[last, _TIME], best[last, _AMOUNT], best[last, _PARTY], best[last, _MARKS] = time_ms, paise, party, marks


WORDS = {
    KNOWN_FRAUD: "known_fraud",
    SAME_AMOUNT: "same_amount",
    NEW_PAYER: "new_payer",
    SAME_PAYER: "same_payer",
    LAST_HOUR: "last_hour",
    HAS_FAILED: "failed",
}


def words(marks: int) -> list[str]:
    """Return what a payment is, a word each.

    >>> words(KNOWN_FRAUD | LAST_HOUR)
    ['known_fraud', 'last_hour']
    """
    return [word for mark, word in WORDS.items() if marks & mark]
