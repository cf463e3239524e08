"""How fast the deployment is: payments a second from the budget's count, latency from decisions looked at now and then.

The budget counts every decision of the deployment, so its count over time is the rate of all workers together. For the
latency a few of the newest decisions of each partition are looked at once a second, while somebody watches: produce
to decision, by the timestamps of the two logs. What is looked at also tells how often rules hit.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Points of the rate chart: one a second, five minutes.
RATE_POINTS_MAX = 300
_RATE_OVER_S = 5.0
_LATENCY_OVER_S = 60.0
_LATENCIES_MAX = 2_000
#: Payments that rule hits are counted over.
SAMPLED_MAX = 20_000
_BELIEVABLE_MS = 600_000


class Spending:
    """The newest numbers of each day's budget, from records of `alert-budget`.

    >>> spending = Spending()
    >>> for seen in (10, 30, 20):
    ...     spending.add(b'{"day": "2026-01-01", "seen": %d}' % seen)
    >>> spending.day("2026-01-01")
    {'day': '2026-01-01', 'seen': 30}
    """

    _DAYS_MAX = 40

    def __init__(self) -> None:
        self._days: dict[str, dict[str, Any]] = {}

    @property
    def seen(self) -> int:
        """Payments seen in all days at hand."""
        return sum(day["seen"] for day in self._days.values())

    def add(self, value: bytes | None) -> None:
        """Take a record; the one that has seen most is the day's truth."""
        try:
            report = orjson.loads(value or b"")
            day, seen = str(report["day"]), int(report["seen"])
        except (ValueError, TypeError, KeyError):
            return
        if seen >= self._days.get(day, {"seen": -1})["seen"]:
            self._days[day] = report
        if len(self._days) > self._DAYS_MAX:
            del self._days[min(self._days)]

    def day(self, day: str) -> dict[str, Any] | None:
        """Return a day's numbers, or None for one without payments."""
        return self._days.get(day)


class Rate:
    """Payments a second from a growing count, looked at once a second.

    >>> rate = Rate()
    >>> [rate.look(seen, at_s) for seen, at_s in ((100, 0.0), (150, 1.0), (250, 2.0))]
    [0.0, 50.0, 75.0]
    """

    def __init__(self) -> None:
        self.points: deque[float] = deque(maxlen=RATE_POINTS_MAX)
        self._looks: deque[tuple[float, int]] = deque()

    def look(self, seen: int, at_s: float) -> float:
        """Return the rate over the last few seconds."""
        self._looks.append((at_s, seen))
        while self._looks[0][0] < at_s - _RATE_OVER_S:
            self._looks.popleft()
        (first_s, first), over_s = self._looks[0], at_s - self._looks[0][0]
        rate = round(max(0, seen - first) / over_s, 1) if over_s > 0 and first_s >= 0 else 0.0
        self.points.append(rate)
        return rate


class Latencies:
    """Times from produce to decision of the last minute."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, int]] = deque(maxlen=_LATENCIES_MAX)

    def add(self, latency_ms: int, at_s: float) -> None:
        """Take one; those that two clocks made up are left out."""
        if 0 <= latency_ms <= _BELIEVABLE_MS:
            self._kept.append((at_s, latency_ms))

    def quantiles(self, at_s: float) -> dict[str, int | None]:
        """Return p50 and p99 of the last minute and how many they are of.

        >>> latencies = Latencies()
        >>> for latency_ms in range(101):
        ...     latencies.add(latency_ms, 0.0)
        >>> latencies.quantiles(1.0), latencies.quantiles(99.0)
        ({'p50': 50, 'p99': 99, 'samples': 101}, {'p50': None, 'p99': None, 'samples': 0})
        """
        ordered = sorted(latency_ms for added_s, latency_ms in self._kept if added_s >= at_s - _LATENCY_OVER_S)
        if not ordered:
            return {"p50": None, "p99": None, "samples": 0}
        last = len(ordered) - 1
        return {"p50": ordered[last // 2], "p99": ordered[last * 99 // 100], "samples": len(ordered)}


@dataclass(frozen=True, slots=True)
class Sampled:
    """A decision that was looked at: the rules that hit, active and shadow, and its tier."""

    rules: tuple[str, ...]
    tier: str


class Hits:
    """How often rules hit among the newest decisions that were looked at.

    >>> hits = Hits()
    >>> hits.add([Sampled(("A", "B"), "LOW"), Sampled(("A",), "HIGH")])
    >>> hits.of("A"), hits.of("C"), hits.sampled, hits.tiers()
    (2, 0, 2, {'LOW': 1, 'HIGH': 1})
    """

    def __init__(self) -> None:
        self._kept: deque[Sampled] = deque()
        self._rules: Counter[str] = Counter()
        self._tiers: Counter[str] = Counter()

    @property
    def sampled(self) -> int:
        """How many decisions the hits are of."""
        return len(self._kept)

    def add(self, sampled: Iterable[Sampled]) -> None:
        """Take decisions; the oldest are counted no more."""
        for one in sampled:
            self._kept.append(one)
            self._rules.update(one.rules)
            self._tiers[one.tier] += 1
            if len(self._kept) > SAMPLED_MAX:
                gone = self._kept.popleft()
                self._rules.subtract(gone.rules)
                self._tiers[gone.tier] -= 1

    def of(self, rule_id: str) -> int:
        """Return how often a rule hit."""
        return self._rules[rule_id]

    def tiers(self) -> dict[str, int]:
        """Return how many decisions were of which tier."""
        return {tier: count for tier, count in self._tiers.items() if count}
