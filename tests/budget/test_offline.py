"""Hindsight: the best choice under the limit is checked against trying every choice."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from budget.offline import Regret, best_of_finished_day, best_under_limits, limits, measure_regret


def keeps_limits(chosen: tuple[int, ...] | list[int], limits_after: list[int]) -> bool:
    """Say naively whether no prefix holds more than its limit."""
    return all(sum(at <= end for at in chosen) <= limit for end, limit in enumerate(limits_after))


def best_by_trying(buckets: list[int], limits_after: list[int]) -> list[int]:
    """Return the scores, falling, of the best choice among all that keep the limits."""
    every = range(len(buckets))
    allowed = [
        c for size in range(len(buckets) + 1) for c in combinations(every, size) if keeps_limits(c, limits_after)
    ]
    return max(sorted((buckets[at] for at in chosen), reverse=True) for chosen in allowed)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=9))
def test_the_best_choice_under_any_limits_is_the_best_of_all_choices(steps: list[tuple[int, int]]) -> None:
    """On every small day, with ties and limits that jump, no choice that keeps the limits has higher scores."""
    buckets = [bucket for bucket, _ in steps]
    limits_after, limit = [], 0
    for _, opened in steps:
        limit += opened
        limits_after.append(limit)

    chosen = best_under_limits(buckets, limits_after)

    assert keeps_limits(chosen, limits_after)
    assert best_by_trying(buckets, limits_after) == sorted((buckets[at] for at in chosen), reverse=True)


@given(st.lists(st.integers(0, 1023), max_size=300), st.integers(0, 1_000_000))
def test_the_finished_day_is_never_worse_than_the_limit_allows(buckets: list[int], rate_ppm: int) -> None:
    """Sorting the whole day chooses as many, and scores at least as high, one by one."""
    allowed = limits(len(buckets), rate_ppm)
    under_limits = best_under_limits(buckets, allowed)
    finished = best_of_finished_day(buckets, allowed[-1] if allowed else 0)

    assert keeps_limits(under_limits, allowed)
    assert len(under_limits) == len(finished)
    pairs = zip(sorted(buckets[at] for at in under_limits), sorted(buckets[at] for at in finished), strict=True)
    assert all(mine <= theirs for mine, theirs in pairs)


def test_early_frauds_show_what_the_limit_itself_costs() -> None:
    """Frauds before the budget has accrued are lost to any choice in order, and are no regret."""
    buckets, frauds = [9, 9, 1, 8, 1, 1], [True, True, False, True, False, False]

    regret = measure_regret(buckets, frauds, admitted=[3], rate_ppm=500_000)

    assert regret == Regret(caught=1, caught_under_limits=2, caught_of_finished_day=3)
    assert (regret.share, round(regret.limit_cost, 3)) == (0.5, 0.333)


def test_a_day_without_frauds_has_no_regret() -> None:
    """Nothing to catch is nothing to regret."""
    assert measure_regret([1, 2, 3], [False] * 3, [], 500_000).share == 0.0
    assert measure_regret([], [], [], 500_000).limit_cost == 0.0
