"""The candidate filter: generous, bounded, and a function of its own partition's past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.adversarial import ordinary
from budget.candidates import LEARN_COUNT, CandidateFilter


def considered(candidates: CandidateFilter, buckets: list[int]) -> list[bool]:
    """Return what passes, in order."""
    return [candidates.consider(bucket) for bucket in buckets]


def test_everything_passes_before_the_filter_has_learned() -> None:
    """A new partition holds nothing back."""
    assert all(considered(CandidateFilter(), [0] * LEARN_COUNT))


def test_the_best_always_pass_and_most_stay_off_the_wire() -> None:
    """Of realistic payments every one among the best 2 % passes, and not more than 5 % do."""
    candidates = CandidateFilter()
    rng = np.random.default_rng(1)
    considered(candidates, ordinary(20_000, 0.036, rng).buckets.tolist())
    buckets = ordinary(20_000, 0.036, rng).buckets

    passed = np.array(considered(candidates, buckets.tolist()))

    assert passed[buckets > np.sort(buckets)[-400]].all()
    assert passed.mean() <= 0.05


def test_equal_scores_are_never_told_apart() -> None:
    """Where all scores tie, none ranks below another and everything passes."""
    assert all(considered(CandidateFilter(), [300] * 5_000))


def test_falling_scores_still_send_something() -> None:
    """When nothing reaches what the past has taught, one payment in a hundred passes all the same."""
    candidates = CandidateFilter(rate_ppm=5_000)
    considered(candidates, list(range(1023, 500, -1)) * 10)

    passed = considered(candidates, [400] * 1_000)

    assert sum(passed) == 10


def test_a_higher_alert_rate_lets_more_through() -> None:
    """Once it has learned, the share that passes follows the rate."""
    rng = np.random.default_rng(2)
    candidates = CandidateFilter(rate_ppm=5_000)
    considered(candidates, ordinary(10_000, 0.036, rng).buckets.tolist())
    low = sum(considered(candidates, ordinary(10_000, 0.036, rng).buckets.tolist()))

    candidates.set_rate(20_000)
    high = sum(considered(candidates, ordinary(10_000, 0.036, rng).buckets.tolist()))

    assert high > 3 * low


def test_a_rate_of_one_lets_everything_through() -> None:
    """With an alert for every payment nothing may be held back."""
    assert all(considered(CandidateFilter(rate_ppm=1_000_000), list(range(1024)) * 2))


@given(st.lists(st.tuples(st.integers(0, 1023), st.integers(1, 400)), max_size=20), st.integers(0, 4_000))
def test_a_filter_survives_its_bytes_at_any_moment(blocks: list[tuple[int, int]], cut: int) -> None:
    """Encoding and decoding between two payments changes nothing that follows."""
    buckets = [bucket for bucket, count in blocks for _ in range(count)]
    whole, first = CandidateFilter(), CandidateFilter()
    expected = considered(whole, buckets)

    before = considered(first, buckets[:cut])
    second = CandidateFilter.decode(first.encode())

    assert expected == before + considered(second, buckets[cut:])
    assert whole.encode() == second.encode()


@pytest.mark.parametrize("data", [b"", b"\x01" * 4_117, CandidateFilter().encode()[:-1]])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    """Another version or length raises ValueError."""
    with pytest.raises(ValueError, match="needed a candidate filter"):
        CandidateFilter.decode(data)


@pytest.mark.parametrize("bucket", [-1, 1024])
def test_a_score_out_of_range_is_refused(bucket: int) -> None:
    """A broken caller is told."""
    with pytest.raises(ValueError, match="needed a score bucket"):
        CandidateFilter().consider(bucket)


@given(
    scores=st.lists(st.integers(0, 40) | st.integers(980, 1023) | st.integers(0, 1023), max_size=900),
    cuts=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    rate_ppm=st.sampled_from([0, 1, 700, 5_000, 30_000, 333_333, 1_000_000]),
    outside=st.integers(0, 9),
)
def test_what_passes_is_the_same_one_by_one_and_together(
    scores: list[int], cuts: list[int], rate_ppm: int, outside: int
) -> None:
    """Wherever the payments are cut, with those not counted among them, and so is what is remembered."""
    rng = np.random.default_rng(outside)
    past = ordinary(2_000, 0.036, rng).buckets.tolist()
    alone, together = CandidateFilter(rate_ppm), CandidateFilter(rate_ppm)
    buckets = [*past, *scores]
    counted = [at % 10 >= outside for at in range(len(buckets))]
    expected = [at for at, bucket in enumerate(buckets) if counted[at] and alone.consider(bucket)]

    got, begin = [], 0
    for size in [*cuts, *([300] * 20)]:
        end = min(len(buckets), begin + size)
        got += [begin + at for at in together.passing(buckets[begin:end], counted[begin:end])]
        begin = end

    assert begin == len(buckets)
    assert got == expected
    assert together.encode() == alone.encode()


def test_a_score_that_cannot_be_is_refused_in_a_crowd_too() -> None:
    """A broken caller is told, and nothing is remembered."""
    candidates = CandidateFilter()
    before = candidates.encode()

    with pytest.raises(ValueError, match="needed score buckets"):
        candidates.passing([5] * 20 + [1_024], [True] * 21)

    assert candidates.encode() == before
