"""The forecast on days drawn by hand: what is held, what is let go, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from budget.forecast import Forecast, forecast
from budget.history import History
from budget.order import DayNow, moved_part
from budget.tails import BUCKETS, PART, RECENT_UNIT, count_above, tails

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A usual day: 100,000 payments, of which 100 score 620, 400 score 500, 3,000 score 300, the rest 0: in worth, of 98,
# 80, 6 and 0 %.
USUAL = {620: 100, 500: 400, 300: 3_000, 0: 96_500}
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
    now = DayNow(seen, 100_000 - seen, unspent, RATE_PPM)
    return forecast(counts(USUAL), counts(today), counts(lately or today) * RECENT_UNIT, now)


def share_of(day: dict[int, int], percent: int) -> dict[int, int]:
    """Return part of a day."""
    return {bucket: count * percent // 100 for bucket, count in day.items()}


def test_a_usual_day_buys_what_the_budget_holds() -> None:
    """500 alerts: the 100 and the 400 best, and nothing that scores 300."""
    found = look(share_of(USUAL, 50), unspent=20)

    assert 300 < found.bucket <= 500


def test_alerts_are_kept_while_the_best_have_not_come() -> None:
    """At noon, without one good score and with all alerts unspent, 300 is still not worth one."""
    found = look({0: 48_500, 300: 1_500}, unspent=240)

    assert 300 < found.bucket <= 500


def test_alerts_are_let_go_when_scores_have_moved() -> None:
    """If what scored 500 and 620 now scores 280, the day goes by its own scores."""
    found = look({0: 46_250, 300: 1_500, 280: 2_250}, unspent=240)

    assert found.bucket <= 300


def test_more_good_scores_than_usual_are_another_day_than_usual_only_while_they_go_on() -> None:
    """Two thirds of the best have come by two fifths of the day: in bursts, lately none, or all the time."""
    today = {620: 6_600, 500: 26_400, 300: 114_000, 0: 3_653_000}
    now = DayNow(3_800_000, 6_200_000, 2_000, RATE_PPM)

    def moved(lately: dict[int, int]) -> int:
        seen_above, lately_above = count_above(counts(today)), count_above(counts(lately) * RECENT_UNIT)
        return moved_part(tails(counts(USUAL)), seen_above, lately_above, now)

    assert moved({300: 15_000, 0: 485_000}) == 0
    assert moved(today) == PART


def test_the_best_are_over_when_a_whole_day_of_them_has_come() -> None:
    """All 500 came in the first hours, lately none did: what is worth a quarter of an average alert is bought."""
    found = look({620: 100, 500: 400, 300: 450, 0: 14_050}, lately={300: 150, 0: 4_850}, unspent=75)

    assert 300 < found.bucket < 400


def test_the_last_alerts_are_for_the_best_only() -> None:
    """The ladder falls from the highest score, with one alert left, to the threshold."""
    found = look(share_of({700: 20, **USUAL}, 50), unspent=1)

    assert list(found.ladder) == sorted(found.ladder, reverse=True)
    assert found.ladder[0] > found.ladder[-1] == found.bucket


def test_nothing_cheap_is_bought_where_frauds_are_rare() -> None:
    """What is worth less than a quarter of an average alert waits, even with a hundred alerts unspent."""
    usual = {500: 100, 150: 400, 0: 99_500}
    today = share_of(usual, 50)
    now = DayNow(50_000, 50_000, 100, RATE_PPM)
    found = forecast(counts(usual), counts(today), counts(today) * RECENT_UNIT, now)

    assert 150 < found.bucket <= 500


def test_a_very_large_country_fits_into_the_arithmetic() -> None:
    """Three billion payments a day give the threshold of a thousand times fewer."""
    small = {bucket: count * 30 for bucket, count in USUAL.items()}
    large = {bucket: count * 30_000 for bucket, count in USUAL.items()}
    found = []
    for day in (small, large):
        size = sum(day.values())
        half = counts(share_of(day, 50))
        now = DayNow(size // 2, size // 2, 0, RATE_PPM)
        found.append(forecast(counts(day) * 256 * 8, half, half * RECENT_UNIT, now))

    assert found[0] == found[1]
    assert 300 < found[0].bucket <= 500


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
