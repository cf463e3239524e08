"""What hindsight would have chosen: the yardstick of the budget, for backtests and tests only.

Two yardsticks. The best choice **under the same limit** at every moment: no more of the first n transactions than the
budget allowed after n. The best of the **finished day**: the same number of alerts, wherever they fall; what it catches
more is the price of having to decide in order. Both rank by score bucket, as the budget does; equal buckets go to the
earlier transaction.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MILLION = 1_000_000


def limits(count: int, rate_ppm: int) -> list[int]:
    """Return how many alerts are allowed after the first, second, ... transaction of a day.

    >>> limits(5, 400_000)
    [0, 0, 1, 1, 2]
    """
    return [rate_ppm * seen // MILLION for seen in range(1, count + 1)]


def best_under_limits(buckets: Sequence[int], limits_after: Sequence[int]) -> list[int]:
    """Return the positions, rising, of the choice with the highest scores that keeps every limit.

    `limits_after[i]` never falls and bounds the choices among positions 0..i. Each alert becomes allowed at some
    position and may be spent there or later. From the last one back, each takes the best that is still free at or after
    its position. Such choices form a matroid (each alert a slot with a release time), so for any weights that rise with
    the bucket no other choice is better: the ranks of the chosen scores are the highest, one by one.

    >>> best_under_limits([9, 1, 5, 7, 2], [0, 1, 1, 2, 2])
    [2, 3]
    """
    free: list[tuple[int, int]] = []
    chosen: list[int] = []
    for position in range(len(buckets) - 1, -1, -1):
        heappush(free, (-buckets[position], position))
        opened = limits_after[position] - (limits_after[position - 1] if position else 0)
        chosen.extend(heappop(free)[1] for _ in range(min(opened, len(free))))
    return sorted(chosen)


def best_of_finished_day(buckets: Sequence[int], count: int) -> list[int]:
    """Return the positions, rising, of the `count` highest scores of a whole day.

    >>> best_of_finished_day([9, 1, 5, 7, 2], 2)
    [0, 3]
    """
    ranked = sorted(range(len(buckets)), key=lambda position: (-buckets[position], position))
    return sorted(ranked[:count])


class Regret(NamedTuple):
    """Frauds caught by the budget, by the best choice under the same limit, and by sorting the finished day."""

    caught: int
    caught_under_limits: int
    caught_of_finished_day: int

    @property
    def share(self) -> float:
        """Return what was missed of the best choice under the limit; 0 where that caught nothing, negative by luck."""
        return 1 - self.caught / self.caught_under_limits if self.caught_under_limits else 0.0

    @property
    def limit_cost(self) -> float:
        """Return what the limit at every moment itself costs, of the finished day's catch; 0 where that is nothing."""
        return 1 - self.caught_under_limits / self.caught_of_finished_day if self.caught_of_finished_day else 0.0


def measure_regret(buckets: Sequence[int], frauds: Sequence[bool], admitted: Collection[int], rate_ppm: int) -> Regret:
    """Compare the positions admitted during one day with both yardsticks; `frauds` says which positions are frauds.

    >>> measure_regret([9, 1, 5, 7, 2], [True, False, False, True, False], [2], 400_000)
    Regret(caught=0, caught_under_limits=1, caught_of_finished_day=2)
    """
    allowed = limits(len(buckets), rate_ppm)
    under_limits = best_under_limits(buckets, allowed)
    finished = best_of_finished_day(buckets, allowed[-1] if allowed else 0)
    return Regret(*(sum(frauds[position] for position in chosen) for chosen in (admitted, under_limits, finished)))
