"""Which scores of a day deserve an alert, judged by what is still to come: the pure half of rank admission.

All counts are of transactions per score bucket; every number is an integer, so every machine finds the same threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS = 1024
_ONE = 1 << 20


class Threshold(NamedTuple):
    """Buckets above `bucket` pass; of those equal to it, `share` of 2**20 do. A bucket of 1024 passes nothing."""

    bucket: int
    share: int


def find_threshold(
    history: Sequence[int], today: Sequence[int], *, seen: int, remaining: int, supply: int, weight: int
) -> Threshold:
    """Return the lowest threshold whose expected demand over the rest of the day is within the supply of alerts.

    `supply` is in millionths of an alert. The demand above a bucket is what the remaining transactions bring at the
    rate of history (worth `weight` transactions) and today taken together.

    >>> find_threshold([0] * 1024, [90] * 10 + [0] * 1013 + [100], seen=1_000, remaining=1_000, supply=50_000_000, weight=0)
    Threshold(bucket=1023, share=524288)
    """
    history_total = sum(history) or 1
    limit = supply * (weight + seen) * history_total
    scale = remaining * 1_000_000
    above_history = above_today = demand_above = 0
    for bucket in range(BUCKETS - 1, -1, -1):
        above_history += history[bucket]
        above_today += today[bucket]
        demand = scale * (weight * above_history + above_today * history_total)
        if demand > limit:
            return Threshold(bucket, (limit - demand_above) * _ONE // (demand - demand_above))
        demand_above = demand
    return Threshold(0, _ONE)
