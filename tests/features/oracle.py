"""The naive truth about one account: a list of everything that came, scanned from end to end for every number.

It shares nothing with `features` but the transaction, and is as slow as it is plain.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from tests.features.oracle_judged import count_frauds, read_habits, read_judged

if TYPE_CHECKING:
    from features.transaction import Transaction, Verdict

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WINDOWS = (5 * MINUTE, HOUR, 24 * HOUR, 7 * DAY, 30 * DAY)


@dataclass
class Seen:
    """One payment that came, and whether its other party was new then."""

    txn: Transaction
    was_new: bool


@dataclass
class Debit:
    """One payment by a payee itself, and how long the money paid to it before had stayed."""

    time_ms: int
    amount_paise: int
    stay_ms: int


class NaiveAccount:
    """All payments of one payer (side "payer") or payee (side "payee"), in the order they came."""

    def __init__(self, side: str) -> None:
        self.side = side
        self.seen: list[Seen] = []
        self.verdicts: list[Verdict] = []
        self.debits: list[Debit] = []
        # One payment is asked about many times: T, how many had come, and what lies in the 30 days before T.
        self._month: tuple[int, int, list[Seen]] = (0, -1, [])

    def party(self, txn: Transaction) -> str:
        """Return who is on the other side."""
        return txn.payee_vpa if self.side == "payer" else txn.payer_vpa

    def within(self, time_ms: int, width: int) -> list[Seen]:
        """Return what lies in [T - w, T), by time and among equal times by arrival; w is 30 days at most."""
        if self._month[:2] != (time_ms, len(self.seen)):
            found = [seen for seen in self.seen if time_ms - 30 * DAY <= seen.txn.event_time_ms < time_ms]
            found.sort(key=lambda seen: seen.txn.event_time_ms)
            self._month = time_ms, len(self.seen), found
        return [seen for seen in self._month[2] if time_ms - width <= seen.txn.event_time_ms]

    def fold(self, txn: Transaction) -> None:
        """Take a payment in; after 400 days of silence, forget everything first."""
        self.forget_if_absent(txn.event_time_ms)
        self.seen.append(Seen(txn, self.is_new(txn)))

    def fold_verdict(self, verdict: Verdict) -> None:
        """Take a verdict in; after 400 days of silence, forget everything first."""
        self.forget_if_absent(verdict.label_time_ms)
        self.verdicts.append(verdict)

    def fold_debit(self, txn: Transaction) -> None:
        """Take in a payment by the account itself if it was paid within the day before; the newest 32 stay."""
        self.forget_if_absent(txn.event_time_ms)
        before = self.within(txn.event_time_ms, DAY)
        if before:
            stay_ms = txn.event_time_ms - before[-1].txn.event_time_ms
            self.debits.append(Debit(txn.event_time_ms, txn.amount_paise, stay_ms))
            self.debits = sorted(self.debits, key=lambda debit: debit.time_ms)[-32:]

    def forget_if_absent(self, time_ms: int) -> None:
        """Forget everything after 400 days of silence."""
        if self.is_absent(time_ms):
            self.seen.clear()
            self._month = (0, -1, [])
            self.verdicts.clear()
            self.debits.clear()

    def approvals(self, time_ms: int) -> list[float]:
        """Return the share that succeeded of the payments with a status, over 7 and 30 days."""
        rates = []
        for width in (7 * DAY, 30 * DAY):
            given = [seen.txn.status for seen in self.within(time_ms, width) if seen.txn.status is not None]
            rates.append(1 - sum(status == "FAILED" for status in given) / len(given) if given else nan)
        return rates

    def is_absent(self, time_ms: int) -> bool:
        """Tell whether more than 400 days passed since the newest payment."""
        return bool(self.seen) and time_ms - max(seen.txn.event_time_ms for seen in self.seen) > 400 * DAY

    def is_new(self, txn: Transaction) -> bool:
        """Tell whether the other party is not among the payments of 30 days before."""
        before = self.within(txn.event_time_ms, 30 * DAY)
        return all(self.party(seen.txn) != self.party(txn) for seen in before)

    def windows(self, time_ms: int) -> list[float]:
        """Return counts, sums in rupees and different parties, each over the five windows."""
        inside = [[seen.txn for seen in self.within(time_ms, width)] for width in WINDOWS]
        return [
            *[float(len(txns)) for txns in inside],
            *[sum(txn.amount_paise for txn in txns) / 100 for txns in inside],
            *[float(len({self.party(txn) for txn in txns})) for txns in inside],
        ]

    def over_mean_and_largest(self, txn: Transaction) -> list[float]:
        """Return the amount over the mean, and over the largest, of 30 days."""
        amounts = [seen.txn.amount_paise for seen in self.within(txn.event_time_ms, 30 * DAY)]
        if not amounts:
            return [nan, nan]
        return [txn.amount_paise * len(amounts) / sum(amounts), txn.amount_paise / max(amounts)]

    def since_last_and_age(self, time_ms: int) -> list[float]:
        """Return seconds since the last and days since the first payment before T."""
        before = [seen.txn.event_time_ms for seen in self.seen if seen.txn.event_time_ms < time_ms]
        return [(time_ms - max(before)) / 1000, (time_ms - min(before)) / DAY] if before else [nan, nan]

    def passing(self, time_ms: int) -> list[float]:
        """Return what debits came to: count, shares of what came in, shortest stay, share of the last payment."""
        day, week = ([seen.txn for seen in self.within(time_ms, width)] for width in (DAY, 7 * DAY))
        came_day, came_week = (sum(txn.amount_paise for txn in txns) for txns in (day, week))
        debits = [debit for debit in self.debits if time_ms - 7 * DAY <= debit.time_ms < time_ms]
        of_day = [debit for debit in debits if debit.time_ms >= time_ms - DAY]
        quick = [debit for debit in debits if debit.stay_ms <= HOUR]
        since = [debit for debit in debits if week and debit.time_ms > week[-1].event_time_ms]
        went_day, went_week, went_quick, went_since = (
            sum(debit.amount_paise for debit in found) for found in (of_day, debits, quick, since)
        )
        return [
            float(len(of_day)),
            went_day / came_day if day else nan,
            went_week / came_week if week else nan,
            went_quick / came_week if week else nan,
            min(debit.stay_ms for debit in debits) / 1000 if debits else nan,
            went_since / week[-1].amount_paise if week else nan,
        ]

    def read(self, txn: Transaction) -> list[float]:
        """Return this side's features."""
        account = NaiveAccount(self.side) if self.is_absent(txn.event_time_ms) else self
        return account.read_payer(txn) if self.side == "payer" else account.read_payee(txn)

    def read_payer(self, txn: Transaction) -> list[float]:
        """Return the payer's features in registry order."""
        time_ms = txn.event_time_ms
        hour, day = self.within(time_ms, HOUR), self.within(time_ms, DAY)
        month = self.within(time_ms, 30 * DAY)
        ist = time_ms + 5 * HOUR + 30 * MINUTE
        to_payee = [seen.txn.event_time_ms for seen in month if seen.txn.payee_vpa == txn.payee_vpa]
        devices = {seen.txn.device_id for seen in month} - {None}
        known = bool(devices) and txn.device_id is not None
        return [
            txn.amount_paise / 100,
            float(txn.amount_paise % 10_000 == 0),
            ist % DAY / HOUR,
            float((ist // DAY + 3) % 7),
            nan if txn.txn_type is None else float(txn.txn_type == "COLLECT"),
            *self.windows(time_ms),
            *self.over_mean_and_largest(txn),
            *self.since_last_and_age(time_ms),
            float(not to_payee),
            float(len(to_payee)),
            (time_ms - max(to_payee)) / 1000 if to_payee else nan,
            float(sum(seen.was_new for seen in hour)),
            float(sum(seen.was_new for seen in day)),
            float(txn.device_id not in devices) if known else nan,
            float(len(devices)) if devices else nan,
            float(sum(seen.txn.status == "FAILED" for seen in day)),
            float(sum(seen.txn.amount_paise <= 1000 for seen in hour)),
            count_frauds(self.verdicts, time_ms, 30 * DAY),
            *self.approvals(time_ms),
            *read_habits(self, txn),
            *read_judged(self, txn),
        ]

    def read_payee(self, txn: Transaction) -> list[float]:
        """Return the payee's features in registry order."""
        time_ms = txn.event_time_ms
        hour, day = self.within(time_ms, HOUR), self.within(time_ms, DAY)
        new_in_day = sum(seen.was_new for seen in day)
        month = self.within(time_ms, 30 * DAY)
        by_payer = [seen.txn.event_time_ms for seen in month if seen.txn.payer_vpa == txn.payer_vpa]
        return [
            *self.windows(time_ms),
            float(self.is_new(txn)),
            float(sum(seen.was_new for seen in hour)),
            float(new_in_day),
            new_in_day / len(day) if day else nan,
            *self.over_mean_and_largest(txn),
            float(sum(seen.txn.amount_paise == txn.amount_paise for seen in day)),
            *self.since_last_and_age(time_ms),
            count_frauds(self.verdicts, time_ms, 30 * DAY),
            nan if txn.payee_type is None else float(txn.payee_type == "ENTITY"),
            float(len(by_payer)),
            (time_ms - max(by_payer)) / 1000 if by_payer else nan,
            *self.passing(time_ms),
            *read_habits(self, txn),
            *read_judged(self, txn),
        ]
