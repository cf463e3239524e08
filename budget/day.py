"""The plan of one IST day in progress: what it has brought, and what it admits until the next review.

Transactions are collected in `fresh` and looked at once per review, every 512th part of a usual day: that keeps the
cost per payment at one addition and one comparison. A review moves them to `today` and `recent` and makes a forecast.

Layout: day, closed, seen, fresh count, review size, threshold bucket, share, credit, ladder length, ladder; then the
histograms `today`, `recent` and `fresh` (`codec`).
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from budget.codec import pack_histogram, put_uints
from budget.forecast import SHARE_ONE, Forecast, forecast
from budget.order import DayNow
from budget.tails import BUCKETS, RECENT_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from budget.codec import Reader
    from budget.history import History
    from budget.ledger import Ledger

REVIEWS_PER_DAY = 512
REVIEW_SIZE_MIN, REVIEW_SIZE_MAX = 64, 1 << 16
_RECENT_REVIEWS = 24
_COLD_REVIEWS = 32
_COLD_REMAINING = 1_000
_LAST_PART, _LAST_MIN = 64, 200


class Day:
    """One day's plan. `closed` says that a later day has begun: what still comes is late and counts as history too."""

    __slots__ = (
        "_packed",
        "closed",
        "credit",
        "day",
        "forecast",
        "fresh",
        "fresh_count",
        "recent",
        "review_size",
        "seen",
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
        self.forecast = Forecast(BUCKETS - 1, SHARE_ONE, (BUCKETS - 1,))
        self.credit = 0
        self._packed: bytes | None = None

    def passes(self, bucket: int, unspent: int) -> bool:
        """Say whether a candidate at or above the threshold is admitted with so many alerts unspent.

        Of the transactions equal to the threshold a fixed share passes: each adds the share to `credit`, and one that
        brings it to a whole is let through.
        """
        threshold, share, ladder = self.forecast
        if bucket == threshold:
            self.credit += share
            if self.credit < SHARE_ONE:
                return False
            self.credit -= SHARE_ONE
        return unspent > 0 and bucket >= ladder[min(unspent, len(ladder)) - 1]

    def lowest(self, unspent: int) -> int:
        """Return the lowest bucket that could be admitted with so many alerts unspent; 1024 if none."""
        threshold, share, ladder = self.forecast
        lowest = ladder[min(unspent, len(ladder)) - 1] if unspent else BUCKETS
        return lowest + 1 if lowest == threshold and share == 0 else lowest

    def take(self, buckets: NDArray[np.int64]) -> None:
        """Collect several transactions, too few for a review."""
        fresh = np.frombuffer(self.fresh, np.int64)
        fresh += np.bincount(buckets, minlength=BUCKETS)
        self.fresh_count += len(buckets)

    def settle(self, history: History) -> None:
        """Move what is fresh to the other counts."""
        if self.fresh_count:
            fresh = np.frombuffer(self.fresh, np.int64).copy()
            self.today = self.today + fresh
            self.recent = self.recent - self.recent // _RECENT_REVIEWS + fresh * RECENT_UNIT
            self.seen += self.fresh_count
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
        self.review_size = min(REVIEW_SIZE_MAX, max(REVIEW_SIZE_MIN, size))
        remaining = max(expected - self.seen, self.seen // _LAST_PART, _LAST_MIN)
        if not expected:
            remaining = self.seen + _COLD_REMAINING
        day, rate_ppm = self.day, ledger.rate_ppm
        now = DayNow(self.seen, remaining, ledger.limit(day), ledger.unspent(day), rate_ppm)
        self.forecast = forecast(history.counts, self.today, self.recent, now)

    def close(self, history: History) -> None:
        """Hand the day's scores to history, once: a later day has begun."""
        self.settle(history)
        if not self.closed:
            history.add(self.today)
        self.closed = True

    def put(self, out: bytearray) -> None:
        """Append the bytes of the layout above."""
        threshold, share, ladder = self.forecast
        put_uints(out, (self.day, self.closed, self.seen, self.fresh_count, self.review_size, threshold, share))
        put_uints(out, (self.credit, len(ladder), *ladder))
        if self._packed is None:
            self._packed = pack_histogram(self.today) + pack_histogram(self.recent)
        out += self._packed
        out += pack_histogram(np.frombuffer(self.fresh, np.int64))

    @classmethod
    def get(cls, reader: Reader) -> Day:
        """Read back what `put` wrote; ValueError on counts that do not agree."""
        plan = cls(reader.uint(), closed=bool(reader.uint()))
        plan.seen, plan.fresh_count, plan.review_size, threshold, share, plan.credit, rungs = reader.uints(7)
        plan.forecast = Forecast(threshold, share, reader.uints(rungs))
        plan.today, plan.recent = reader.histogram(BUCKETS), reader.histogram(BUCKETS)
        fresh = reader.histogram(BUCKETS)
        plan.fresh = array("q", fresh.tobytes())
        if not rungs or plan.seen != plan.today.sum() or plan.fresh_count != fresh.sum():
            raise ValueError(f"needed a day whose counts agree, got day {plan.day} with {plan.seen} transactions")
        return plan
