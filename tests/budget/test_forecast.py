"""The forecast on days drawn by hand: what is held, what is let go, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from budget.forecast import SHARE_ONE, Forecast, forecast
from budget.history import History
from budget.order import DayNow
from budget.tails import BUCKETS, RECENT_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A usual day: 100,000 payments, of which 100 score 900, 400 score 800, 3,000 score 700, the rest 100.
USUAL = {900: 100, 800: 400, 700: 3_000, 100: 96_500}
RATE_PPM = 5_000


def counts(by_bucket: dict[int, int]) -> NDArray[np.int64]:
    """Return a histogram."""
    array = np.zeros(BUCKETS, np.int64)
    for bucket, count in by_bucket.items():
        array[bucket] = count
    return array


def look(today: dict[int, int], *, unspent: int, lately: dict[int, int] | None = None) -> Forecast:
    """Forecast at a moment of a day that follows usual ones."""
    seen = sum(today.values())
    now = DayNow(seen, 100_000 - seen, RATE_PPM * seen // 1_000_000, unspent, RATE_PPM)
    return forecast(counts(USUAL), counts(today), counts(lately or today) * RECENT_UNIT, now)


def share_of(day: dict[int, int], percent: int) -> dict[int, int]:
    """Return part of a day."""
    return {bucket: count * percent // 100 for bucket, count in day.items()}


def test_a_usual_day_buys_exactly_what_the_budget_holds() -> None:
    """500 alerts: the 100 and the 400 best; of those that score 700 next to none."""
    found = look(share_of(USUAL, 50), unspent=0)

    assert found.bucket == 700
    assert found.share < SHARE_ONE // 100


def test_alerts_are_kept_while_the_best_have_not_come() -> None:
    """At noon, without one good score and with all alerts unspent, 700 is still not worth one."""
    found = look({100: 46_500, 700: 1_500}, unspent=240)

    assert found.bucket == 700
    assert found.share < SHARE_ONE // 100


def test_alerts_are_let_go_when_scores_have_moved() -> None:
    """If what scored 800 and 900 now scores 650, the day goes by its own scores."""
    found = look({100: 46_500, 700: 1_500, 650: 2_000}, unspent=240)

    assert found.bucket == 700
    assert found.share > SHARE_ONE // 5


def test_the_best_are_over_when_a_whole_day_of_them_has_come() -> None:
    """All 500 came in the first hour and lately still did: what follows is bought from among the 700s."""
    found = look({900: 100, 800: 400, 700: 150, 100: 5_000}, unspent=20)

    assert found.bucket == 700
    assert found.share > SHARE_ONE // 10


def test_the_last_alerts_are_for_the_best_only() -> None:
    """The ladder falls from the highest score, with one alert left, to the threshold."""
    found = look(share_of(USUAL, 50), unspent=1)

    assert list(found.ladder) == sorted(found.ladder, reverse=True)
    assert found.ladder[0] > found.ladder[-1] == found.bucket


def test_nothing_passes_at_a_rate_of_zero() -> None:
    """Without a budget the threshold lies above every score seen."""
    now = DayNow(1_000, 1_000, 0, 0, 0)
    found = forecast(counts(USUAL), counts({900: 1_000}), counts({900: 1_000}) * RECENT_UNIT, now)

    assert found.bucket >= 900
    assert found.share == 0


def test_a_very_large_country_fits_into_the_arithmetic() -> None:
    """Three billion payments a day give the threshold of a thousand times fewer."""
    small = {bucket: count * 30 for bucket, count in USUAL.items()}
    large = {bucket: count * 30_000 for bucket, count in USUAL.items()}
    found = []
    for day in (small, large):
        size = sum(day.values())
        half = counts(share_of(day, 50))
        now = DayNow(size // 2, size // 2, size // 400, 0, RATE_PPM)
        found.append(forecast(counts(day) * 256 * 8, half, half * RECENT_UNIT, now))

    assert found[0].bucket == found[1].bucket == 700


def test_a_past_day_counts_for_seven_eighths_of_the_next() -> None:
    """Even a single best score of yesterday is still there a week later."""
    history = History()
    history.add(counts({900: 1}))
    for _ in range(7):
        history.begin_day()

    assert 80 <= history.counts[900] <= 256 * (7 / 8) ** 7


def test_the_expected_size_of_a_day_is_the_median_of_the_seven_before() -> None:
    """One outage or one festival does not move it; later days are not looked at."""
    history = History()
    for day, count in enumerate((1_000, 1_100, 5, 1_200, 9_000, 1_050, 1_150, 1_080)):
        history.grow(day, count)

    assert history.expected(8) == 1_100
    assert history.expected(1) == 1_000
