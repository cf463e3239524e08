"""What is left of a day, told by the clock, and what the budget makes of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backtest.adversarial import RATE_PPM, ordinary
from budget.hours import HOURS, UNKNOWN, left_of_day
from budget.threshold import BudgetState

EVEN = [10] * HOURS


def test_a_day_that_has_brought_twice_the_usual_goes_on_so() -> None:
    """At noon 1,000 instead of 500 have come: nearly as many follow, where the size alone would say none."""
    assert 900 <= left_of_day(EVEN, 720, 1_000, 1_000) <= 1_000
    assert left_of_day(EVEN, UNKNOWN, 1_000, 1_000) == 0


def test_the_first_minutes_of_a_day_prove_little() -> None:
    """Ten times as many in the first quarter of an hour do not make the day ten times as large."""
    assert 1_900 <= left_of_day(EVEN, 15, 100, 1_000) <= 2_400


@given(
    hours=st.lists(st.integers(0, 10**6), min_size=HOURS, max_size=HOURS),
    minute=st.integers(-1, 1_439),
    seen=st.integers(0, 10**7),
    expected=st.integers(0, 10**7),
)
def test_what_is_left_is_never_negative(hours: list[int], minute: int, seen: int, expected: int) -> None:
    """Whatever the hours and the day, a count comes out."""
    assert left_of_day(hours, minute, seen, expected) >= 0


def test_the_budget_remembers_its_clock_across_a_restart() -> None:
    """Cut anywhere within a day with known minutes, the restored budget decides the rest as the first would have."""
    rng = np.random.default_rng(11)
    whole, before = BudgetState(RATE_PPM), BudgetState(RATE_PPM)
    for day in (20_000, 20_001):
        run = ordinary(6_000, 0.036, rng)
        columns = run.buckets.tolist(), [True] * 6_000, run.minutes.tolist()
        expected = whole.observe_run([day] * 6_000, *columns)
        first = before.observe_run([day] * 2_500, *(column[:2_500] for column in columns))
        before = BudgetState.decode(before.encode())
        rest = before.observe_run([day] * 3_500, *(column[2_500:] for column in columns))

        assert expected == first + [2_500 + position for position in rest]
    assert whole.encode() == before.encode()
