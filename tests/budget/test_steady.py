"""What an alert is worth, and what the last ones ask for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backtest.adversarial import RATE_PPM, ordinary
from budget.steady import RUNGS_MAX, steady
from budget.tails import BUCKETS, MILLION, TAIL_BITS, TAIL_ONE, tails
from budget.worth import WORTH_OF, WORTH_ONE, bucket_worth
from models.risk import share_of

RATE_TAIL = (RATE_PPM << TAIL_BITS) // MILLION


def test_a_score_is_worth_the_risk_that_it_states() -> None:
    """Each bucket's worth lies between the risks where it and the next begin."""
    assert all(
        share_of(bucket) - 1e-8 <= WORTH_OF[bucket] / WORTH_ONE <= share_of(bucket + 1) + 1e-8
        for bucket in range(BUCKETS)
    )
    assert list(WORTH_OF) == sorted(set(WORTH_OF))


@pytest.mark.parametrize("bucket", [0, 1, 500, 1023])
def test_a_bucket_is_found_by_its_worth(bucket: int) -> None:
    """The lowest one that is worth so much, and the next for a little more."""
    assert bucket_worth(WORTH_OF[bucket]) == bucket
    assert bucket_worth(WORTH_OF[bucket] + 1) == min(BUCKETS - 1, bucket + 1)


@pytest.mark.parametrize("prevalence", [0.036, 0.01, 0.001])
def test_the_standing_price_buys_the_rates_share_and_the_average_is_theirs(prevalence: float) -> None:
    """Of scores above the price there are as many as alerts accrue; an alert is on average worth what they are."""
    buckets = ordinary(200_000, prevalence, np.random.default_rng(1)).buckets
    counted = np.bincount(buckets, minlength=BUCKETS)
    best = np.sort(buckets)[-200_000 * RATE_PPM // MILLION :]

    found = steady(tails(counted), RATE_TAIL)

    assert abs(bucket_worth(found.price) - best[0]) <= 1
    average = sum(WORTH_OF[bucket] for bucket in best.tolist()) / len(best)
    assert math.isclose(found.average, average, rel_tol=0.01)


def test_the_last_alerts_ask_for_more_and_many_ask_for_no_more_than_the_price() -> None:
    """The first of the ladder asks for an average alert's worth; what is asked falls towards the price."""
    buckets = ordinary(200_000, 0.001, np.random.default_rng(2)).buckets
    found = steady(tails(np.bincount(buckets, minlength=BUCKETS)), RATE_TAIL)

    assert found.price + found.above[0] == found.average
    assert list(found.above) == sorted(found.above, reverse=True)
    assert found.above[-1] < found.above[0] / 5
    assert len(found.above) <= RUNGS_MAX


@pytest.mark.parametrize("rate_tail", [1, RATE_TAIL, TAIL_ONE])
def test_any_rate_and_any_scores_have_prices(rate_tail: int) -> None:
    """No alerts at all, an alert for each, empty tails and tails of one score: always a ladder, never below 0."""
    one_score = np.zeros(BUCKETS, np.int64)
    one_score[1023] = 5
    for tail in (np.zeros(BUCKETS, np.int64), tails(one_score), np.full(BUCKETS, TAIL_ONE)):
        found = steady(tail, rate_tail)
        assert 0 <= found.price <= WORTH_ONE
        assert min(found.above) >= 0
