"""The naive truth about verdicts and habits: lists scanned from end to end, one plain expression per number."""

from __future__ import annotations

from math import nan
from statistics import mean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.transaction import Transaction, Verdict
    from tests.features.oracle import NaiveAccount, Seen

HOUR = 3_600_000
DAY = 24 * HOUR
MONTH = 30 * DAY


def known_frauds(verdicts: list[Verdict], time_ms: int) -> list[Verdict]:
    """Return what is known as fraud at T, by label time: of each payment the last word before T, if it says fraud.

    A verdict that repeats the word before it is no word of its own.
    """
    words: dict[str, Verdict] = {}
    for verdict in sorted(verdicts, key=lambda one: (one.label_time_ms, one.is_fraud)):
        known = words.get(verdict.transaction_id)
        if verdict.label_time_ms < time_ms and verdict.is_fraud != (known is not None and known.is_fraud):
            words[verdict.transaction_id] = verdict
    return sorted((one for one in words.values() if one.is_fraud), key=lambda one: one.label_time_ms)


def count_frauds(verdicts: list[Verdict], time_ms: int, width: int) -> float:
    """Return how many are known by a label time of the window."""
    return float(sum(one.label_time_ms >= time_ms - width for one in known_frauds(verdicts, time_ms)))


def read_judged(account: NaiveAccount, txn: Transaction) -> list[float]:
    """Return what `features.judged` reads."""
    time_ms = txn.event_time_ms
    month = account.within(time_ms, MONTH)
    found = known_frauds(account.verdicts, time_ms)
    counts = [float(sum(one.label_time_ms >= time_ms - width for one in found)) for width in (DAY, 7 * DAY)]
    found = [one for one in found if time_ms - MONTH <= one.event_time_ms < time_ms]
    if not found:
        return [*counts, *[0.0 if month else nan] * 3, nan, nan, nan, nan, 0.0, nan]
    until = time_ms - max(0, found[-1].label_time_ms - found[-1].event_time_ms)
    times, judged = [seen.txn.event_time_ms for seen in month], [one.event_time_ms for one in found]
    rates = [_rate(judged, times, max(until - width, time_ms - MONTH), until) for width in (DAY, 7 * DAY, MONTH)]
    since = [time for time in times if min(judged) <= time < until]
    of_month = [time for time in judged if times and time >= min(times)]
    share = min(1.0, len(of_month) / len(since)) if since else 1.0
    return [
        *counts,
        *rates,
        (time_ms - found[-1].label_time_ms) / 1000,
        (time_ms - min(judged)) / DAY,
        share if of_month else nan,
        float(sum(max(judged) < time < until for time in times)),
        float(_streak(times, judged)),
        txn.amount_paise / mean(one.amount_paise for one in found),
    ]


def _rate(judged: list[int], times: list[int], start: int, until: int) -> float:
    frauds, payments = (sum(start <= time < until for time in some) for some in (judged, times))
    if frauds:
        return min(1.0, frauds / payments) if payments else 1.0
    return 0.0 if payments else nan


def _streak(times: list[int], judged: list[int]) -> int:
    streak = 0
    for time in sorted((time for time in times if time <= max(judged)), reverse=True):
        if time not in judged:
            break
        streak += 1
    return streak


def read_habits(account: NaiveAccount, txn: Transaction) -> list[float]:
    """Return what `features.habits` reads."""
    month, week, day = (account.within(txn.event_time_ms, width) for width in (MONTH, 7 * DAY, DAY))
    if not month:
        return [nan] * 11
    amounts, recent = _amounts(month), _amounts(week)
    spread = stdev(amounts) if len(amounts) > 1 else nan
    same = [seen for seen in month if account.party(seen.txn) == account.party(txn)]
    age = (txn.event_time_ms - min(seen.txn.event_time_ms for seen in account.seen)) / DAY
    return [
        mean(amounts) / 100,
        spread / 100,
        (txn.amount_paise - mean(amounts)) / (spread + 0.01 * mean(amounts)),
        sum(amount < txn.amount_paise for amount in amounts) / len(month),
        mean(recent) / mean(amounts) if recent else nan,
        max(recent) / mean(amounts) if recent else nan,
        (len(day) + 1) / (len(month) / min(max(age, 1), 30)),
        sum(_hours_apart(seen, txn) <= 1 for seen in month) / len(month),
        sum(seen.was_new for seen in month) / len(month),
        txn.amount_paise / mean(_amounts(same)) if same else nan,
        len(same) / len(month),
    ]


def _amounts(some: list[Seen]) -> list[int]:
    return [seen.txn.amount_paise for seen in some]


def _hours_apart(seen: Seen, txn: Transaction) -> float:
    apart = abs(seen.txn.event_time_ms - txn.event_time_ms) % DAY
    return min(apart, DAY - apart) / HOUR
