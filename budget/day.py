"""The plan of one IST day in progress: what it has brought, and what it admits until the next review.

Transactions are collected in `fresh` and looked at once per review: every 128th part of a usual day, more often while
it is young, and when an eighth of what was unspent is spent. That keeps the cost per payment at one addition and one
comparison. A review moves them to `today` and `recent` and makes a forecast.

Layout: day, closed, seen, fresh count, review size, spendable, minute + 1, fallen, lowest; 24 hours; ladder length,
ladder; then the histograms `today`, `recent` and `fresh` (`codec`).
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from budget.codec import pack_histogram, packed, put_uints
from budget.forecast import Forecast, forecast
from budget.hours import HOURS, MINUTES_PER_HOUR, UNKNOWN, left_of_day
from budget.order import DayNow
from budget.steady import RUNGS_MAX
from budget.tails import BUCKETS, RECENT_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from budget.codec import Reader
    from budget.history import History
    from budget.ledger import Ledger

REVIEWS_PER_DAY = 128
REVIEW_SIZE_MIN, REVIEW_SIZE_MAX = 64, 1 << 16
_RECENT_REVIEWS = 6
_YOUNG_REVIEWS = 16
_SPENDABLE_MIN, _SPENDABLE_PART = 4, 8
_COLD_REVIEWS = 32
_COLD_REMAINING = 1_000
_LAST_PART, _LAST_MIN = 64, 20
_FALLING_FROM = REVIEW_SIZE_MIN


class Day:
    """One day's plan. `closed` says that a later day has begun: what still comes is late and counts as history too.

    `fallen` counts the payments since scores last rose: of each review none lay above any of the one before.
    """

    __slots__ = (
        "_packed",
        "closed",
        "day",
        "fallen",
        "forecast",
        "fresh",
        "fresh_count",
        "hours",
        "lowest_lately",
        "minute",
        "recent",
        "review_size",
        "seen",
        "spendable",
        "today",
    )

    def __init__(self, day: int, *, closed: bool) -> None:
        self.day = day
        self.closed = closed
        self.seen = 0
        self.fresh = array("q", bytes(8 * BUCKETS))
        self.fresh_count = 0
        self.today: NDArray[np.int64] = np.zeros(BUCKETS, np.int64)
        self.recent: NDArray[np.int64] = np.zeros(BUCKETS, np.int64)
        self.review_size = REVIEW_SIZE_MIN
        self.spendable = _SPENDABLE_MIN
        self.minute = UNKNOWN
        self.hours = [0] * HOURS
        self.fallen, self.lowest_lately = 0, 0
        self.forecast = Forecast(BUCKETS - 1, (BUCKETS - 1,))
        self._packed: bytes | None = None

    @property
    def is_due(self) -> bool:
        """Say whether enough has come, or been spent, since the last review for another."""
        return self.fresh_count >= self.review_size or self.spendable <= 0

    def lowest(self, unspent: int) -> int:
        """Return the lowest bucket that is admitted with so many alerts unspent; 1024 if none."""
        ladder = self.forecast.ladder
        return ladder[min(unspent, len(ladder)) - 1] if unspent else BUCKETS

    def take(self, buckets: NDArray[np.int64], minutes: NDArray[np.int64]) -> None:
        """Collect several transactions, at least one and too few for a review."""
        fresh = np.frombuffer(self.fresh, np.int64)
        fresh += np.bincount(buckets, minlength=BUCKETS)
        self.fresh_count += len(buckets)
        self.minute = max(self.minute, int(minutes.max()))

    def settle(self, history: History) -> None:
        """Move what is fresh to the other counts."""
        if self.fresh_count:
            fresh = np.frombuffer(self.fresh, np.int64).copy()
            self.today = self.today + fresh
            self.recent = self.recent - self.recent // _RECENT_REVIEWS + fresh * RECENT_UNIT
            self.seen += self.fresh_count
            self.hours[max(0, self.minute) // MINUTES_PER_HOUR] += self.fresh_count
            self._compare(np.flatnonzero(fresh))
            history.grow(self.day, self.fresh_count)
            if self.closed:
                history.add(fresh)
            self.fresh = array("q", bytes(8 * BUCKETS))
            self.fresh_count = 0
            self._packed = None

    def review(self, history: History, ledger: Ledger) -> None:
        """Settle, and forecast the rest of the day anew."""
        self.settle(history)
        expected = history.expected(self.day)
        size = expected // REVIEWS_PER_DAY if expected else self.seen // _COLD_REVIEWS
        self.review_size = min(REVIEW_SIZE_MAX, max(REVIEW_SIZE_MIN, min(size, self.seen // _YOUNG_REVIEWS)))
        left = left_of_day(history.hours, self.minute, self.seen, expected)
        remaining = max(left, self.seen // _LAST_PART, _LAST_MIN)
        if not expected:
            remaining = self.seen + _COLD_REMAINING
        day, rate_ppm = self.day, ledger.rate_ppm
        falling = self.fallen >= _FALLING_FROM
        now = DayNow(self.seen, remaining, ledger.unspent(day), rate_ppm, falling=falling, usually=expected)
        self.spendable = max(_SPENDABLE_MIN, now.unspent // _SPENDABLE_PART)
        self.forecast = forecast(history.counts, self.today, self.recent, now)

    def _compare(self, filled: NDArray[np.int64]) -> None:
        """Take note whether the buckets of a review all lie at or below those of the one before."""
        if filled[-1] > self.lowest_lately:
            self.fallen = 0
        elif filled[0] < self.lowest_lately:
            self.fallen += self.fresh_count
        self.lowest_lately = int(filled[0])

    def close(self, history: History) -> None:
        """Hand the day's scores to history, once: a later day has begun."""
        self.settle(history)
        if not self.closed:
            history.add(self.today)
            if self.minute != UNKNOWN:
                history.add_hours(self.hours)
        self.closed = True

    def put(self, out: bytearray) -> None:
        """Append the bytes of the layout above."""
        ladder = self.forecast.ladder
        put_uints(out, (self.day, self.closed, self.seen, self.fresh_count, self.review_size))
        put_uints(out, (self.spendable, self.minute + 1, self.fallen, self.lowest_lately))
        out += packed((*self.hours, len(ladder), *ladder))
        if self._packed is None:
            self._packed = pack_histogram(self.today) + pack_histogram(self.recent)
        out += self._packed
        out += pack_histogram(np.frombuffer(self.fresh, np.int64))

    @classmethod
    def get(cls, reader: Reader) -> Day:
        """Read back what `put` wrote; ValueError on counts that do not agree."""
        plan = cls(reader.uint(), closed=bool(reader.uint()))
        plan.seen, plan.fresh_count, plan.review_size, plan.spendable = reader.uints(4)
        minute, plan.fallen, plan.lowest_lately = reader.uints(3)
        plan.minute, plan.hours = minute - 1, list(reader.uints(HOURS))
        rungs = reader.uint()
        ladder = reader.uints(rungs) if 0 < rungs <= RUNGS_MAX + 1 else ()
        plan.today, plan.recent = reader.histogram(BUCKETS), reader.histogram(BUCKETS)
        fresh = reader.histogram(BUCKETS)
        plan.fresh = array("q", fresh.tobytes())
        if plan.minute >= HOURS * MINUTES_PER_HOUR:
            raise ValueError(f"needed a minute of a day, got {plan.minute} on day {plan.day}")
        if not ladder or plan.seen != plan.today.sum() or plan.fresh_count != fresh.sum():
            raise ValueError(f"needed a day whose counts agree, got day {plan.day} with {plan.seen} transactions")
        plan.forecast = Forecast(ladder[-1], ladder)
        return plan
