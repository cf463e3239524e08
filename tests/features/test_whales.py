"""Accounts beyond the ring: counts and sums within one bucket of the truth, parties within the sketch's error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payee, payer
from features.counters import WIDTHS_MS
from features.layout import (
    BUCKETS_PER_WINDOW,
    ESTIMATED_MS,
    OUT_NEWEST_MS,
    OUT_SUM,
    OUT_SUMS,
    OVERFLOWS,
    SNAPSHOT_COUNT,
    WINDOWS_MS,
)
from features.overflow import ESTIMATES_PER_WINDOW
from features.vector import feature_index
from tests.features.accounts import SHAPES, Sketch, oldest_ms, opened, windows_of
from tests.features.oracle import DAY, HOUR, MINUTE
from tests.features.worlds import START, payment

if TYPE_CHECKING:
    from types import ModuleType

SIDES: dict[str, ModuleType] = {"payer": payer, "payee": payee}

Whale = tuple[np.ndarray, np.ndarray, np.ndarray]


def make_whale(seed: int, count: int, span_ms: int, parties: int, bursts: int = 0) -> Whale:
    """Return times, amounts and parties of a busy account, in order of arrival, a few arriving a little late."""
    rng = np.random.default_rng(seed)
    times = START + rng.integers(0, span_ms, count)
    for _ in range(bursts):
        start, size = rng.integers(0, span_ms), count // (4 * bursts)
        times[rng.choice(count, size, replace=False)] = START + start + rng.integers(0, 10 * MINUTE, size)
    times.sort()
    swapped = rng.choice(count - 5, count // 50, replace=False)
    times[swapped], times[swapped + 5] = times[swapped + 5].copy(), times[swapped].copy()
    return times, rng.integers(1, 10**9, count), rng.integers(0, parties, count)


def live(side: str, whale: Whale) -> Any:
    """Fold a whale from nothing."""
    module, other = SIDES[side], "payee_vpa" if side == "payer" else "payer_vpa"
    state = module.empty()
    for number, (time_ms, amount, party) in enumerate(zip(*(column.tolist() for column in whale), strict=True)):
        state = module.fold(state, payment(number, time_ms, amount, **{other: f"p{party}@y"}))
    return state


def assert_within_bounds(side: str, state: Any, whale: Whale, time_ms: int) -> None:
    """Compare each window at T with the truth; an error may be what one bucket at T - w holds, and no more."""
    times, amounts, parties = whale
    account = opened(side, state)
    windows = windows_of(side, account, time_ms)
    oldest_in_ring = oldest_ms(account)
    for window, (window_ms, width_ms) in enumerate(zip(WINDOWS_MS, WIDTHS_MS, strict=True)):
        start = time_ms - window_ms
        inside = (times >= start) & (times < time_ms)
        bucket = start // width_ms * width_ms
        on_edge = (times >= bucket) & (times < bucket + width_ms)
        exact = start >= oldest_in_ring
        count_bound = 0 if exact else on_edge.sum()
        sum_bound = 0 if exact else amounts[on_edge].sum()
        distinct = len(np.unique(parties[inside]))
        distinct_bound = 0 if exact else 4.5 * SHAPES[side][1] * distinct + on_edge.sum()

        assert abs(windows.counts[window] - inside.sum()) <= count_bound
        assert abs(windows.sums_paise[window] - amounts[inside].sum()) <= sum_bound
        assert abs(windows.distincts[window] - distinct) <= distinct_bound


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    side=st.sampled_from(["payer", "payee"]),
    count=st.integers(257, 3000),
    span_ms=st.sampled_from([4 * MINUTE, 50 * MINUTE, 20 * HOUR, 6 * DAY, 29 * DAY, 80 * DAY]),
    parties=st.sampled_from([1, 30, 400, 10**6]),
    bursts=st.integers(0, 3),
)
def test_a_whale_stays_within_the_stated_bounds(
    *, seed: int, side: str, count: int, span_ms: int, parties: int, bursts: int
) -> None:
    """Whatever its pace: steady or in bursts, a few payments late, few parties or all different."""
    whale = make_whale(seed, count, span_ms, parties, bursts)
    state = live(side, whale)
    newest = int(whale[0].max())
    for after in (1, MINUTE, 7 * MINUTE, 3 * HOUR, 2 * DAY, 20 * DAY, 31 * DAY):
        assert_within_bounds(side, state, whale, newest + after)


@pytest.mark.parametrize("side", SIDES)
def test_a_merchant_is_within_bounds_at_every_payment(side: str) -> None:
    """Read before each of thousands of payments a day, as the stages do."""
    whale = make_whale(7, 4000, DAY, 2500)
    module, other = SIDES[side], "payee_vpa" if side == "payer" else "payer_vpa"
    state = module.empty()
    in_order = np.argsort(whale[0], kind="stable")
    whale = (whale[0][in_order], whale[1][in_order], whale[2][in_order])
    for number in range(4000):
        if number % 40 == 39:
            past = (whale[0][:number], whale[1][:number], whale[2][:number])
            assert_within_bounds(side, state, past, int(whale[0][number]))
        txn = payment(number, int(whale[0][number]), int(whale[1][number]), **{other: f"p{whale[2][number]}@y"})
        state = module.fold(state, txn)


@pytest.mark.parametrize("side", SIDES)
def test_different_parties_are_within_the_stated_error(side: str) -> None:
    """The root mean square error over 60 sketches is what the docstring says, at each size."""
    shape, stated = SHAPES[side]
    rng = np.random.default_rng(5)
    for size in (100, 400, 1000, 3000):
        errors = []
        for _ in range(60):
            sketch = Sketch(shape)
            for party in rng.integers(1, 2**40, size).tolist():
                sketch.add(party, START)
            errors.append(sketch.estimate(START + 1, [START])[0] / size - 1)

        assert np.sqrt(np.mean(np.square(errors))) <= stated


def test_a_sketch_forgets_after_the_window() -> None:
    """Parties last seen more than w and 45 s ago count no more, also after 100 days of moving on."""
    sketch = Sketch((10, 64))
    rng = np.random.default_rng(6)
    for day in range(100):
        for party in rng.integers(1, 2**40, 30).tolist():
            sketch.add(party, START + day * DAY)
    last = START + 99 * DAY

    assert sketch.estimate(last + 30 * DAY + 46_000, [last + 46_000]) == [0]
    assert sketch.estimate(last + DAY, [last - 9 * DAY]) == [pytest.approx(300, rel=0.5)]


def test_a_million_payments_a_day_keep_their_ladder() -> None:
    """Counters may run past 2^32 paise and their snapshots may wrap: differences stay right."""
    state = payee.empty()
    for number in range(3000):
        state = payee.fold(state, payment(number, START + number * 86, 10**12, payer_vpa=f"p{number}@y"))
    account = opened("payee", state)
    before = windows_of("payee", account, START + 3000 * 86).sums_paise
    shift = (1 << 63) - 10**15
    account[[OUT_SUM]] += np.int64(shift)  # as arrays, whose sums wrap in silence
    account[OUT_SUMS : OUT_SUMS + SNAPSHOT_COUNT] += np.int64(shift)

    assert before == windows_of("payee", account, START + 3000 * 86).sums_paise == [3000 * 10**12] * 5


def test_parties_that_come_late_count_in_a_sketch() -> None:
    """Older than the newest payment, they are seen from where they belong."""
    sketch = Sketch((10, 64))
    sketch.add(1, START + HOUR)
    for party in np.random.default_rng(8).integers(1, 2**40, 400).tolist():
        sketch.add(party, START)

    assert sketch.estimate(START + DAY, [START]) == [pytest.approx(400, rel=0.5)]
    assert sketch.estimate(START + DAY, [START + HOUR]) == [1]


@pytest.mark.parametrize("side", SIDES)
def test_a_late_payment_to_a_whale_sees_at_most_what_was(side: str) -> None:
    """T itself lies among what was pushed out: two buckets are uncertain, and what no snapshot reaches is not seen."""
    times, amounts, parties = whale = make_whale(11, 3000, 40 * HOUR, 2000)
    state = live(side, whale)
    account = opened(side, state)
    assert account[OVERFLOWS]
    newest = int(account[OUT_NEWEST_MS])
    for behind in (0, 1, 10_000, HOUR, 2 * HOUR, 5 * HOUR):
        time_ms = newest - behind
        windows = windows_of(side, account, time_ms)
        for window, (window_ms, width_ms) in enumerate(zip(WINDOWS_MS, WIDTHS_MS, strict=True)):
            inside = (times >= time_ms - window_ms) & (times < time_ms)
            buckets = [edge // width_ms * width_ms for edge in (time_ms - window_ms, time_ms)]
            on_edge = ((times >= buckets[0]) & (times < buckets[0] + width_ms)) | (times >= buckets[1])
            on_edge &= times < buckets[1] + width_ms
            distinct = len(np.unique(parties[inside]))

            assert windows.counts[window] <= inside.sum() + on_edge.sum()
            assert windows.sums_paise[window] <= amounts[inside].sum() + amounts[on_edge].sum()
            assert windows.distincts[window] <= (1 + 4.5 * SHAPES[side][1]) * distinct + on_edge.sum()
            if buckets[0] >= (newest // width_ms - BUCKETS_PER_WINDOW) * width_ms:
                assert windows.counts[window] >= inside.sum() - on_edge.sum()
                assert windows.sums_paise[window] >= amounts[inside].sum() - amounts[on_edge].sum()


def test_a_sketch_never_shows_a_late_payment_its_future() -> None:
    """Parties of T or later do not count at T; those of before that came again later are lost to it, as stated."""
    sketch = Sketch((10, 64))
    for party in range(1, 300):
        sketch.add(party << 8, START)
    before = sketch.estimate(START + HOUR, [START])
    for party in range(1, 600):
        sketch.add(party << 8, START + DAY)
    sketch.add(1, START + 2 * DAY)

    assert before != [0]
    assert sketch.estimate(START + HOUR, [START]) == [0]


def test_a_late_payment_knows_the_last_one_pushed_out() -> None:
    """Between what was pushed out and the ring, the last payment is the newest pushed out."""
    state = payer.empty()
    for number in range(300):
        state = payer.fold(state, payment(number, START + number * HOUR))
    oldest_in_ring = START + 44 * HOUR

    since_last = payer.read(state, payment(999, oldest_in_ring))[feature_index("payer_seconds_since_last")]

    assert since_last == HOUR / 1000


@pytest.mark.parametrize("side", SIDES)
def test_estimates_are_kept_and_kept_fresh(side: str) -> None:
    """A whale's reads find an estimate that is younger than w/32 and do not make their own."""
    times, _, _ = whale = make_whale(13, 3000, 20 * HOUR, 2000)
    account = opened(side, live(side, whale))

    assert 0 <= times.max() - account[ESTIMATED_MS] <= DAY // ESTIMATES_PER_WINDOW
