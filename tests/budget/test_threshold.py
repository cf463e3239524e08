"""Admission: never beyond the limit, the same however it is fed, and a function of the past alone."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.adversarial import ADVERSARIAL, RATE_PPM, ordinary
from budget.ledger import MILLION
from budget.report import DayReport
from budget.tails import BUCKETS
from budget.threshold import VERSION, BudgetState
from budget.worth import WORTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

Payment = tuple[int, int, bool] | tuple[int, int, bool, int]

DAY = 20_000

scores = st.one_of(st.integers(0, 1023), st.sampled_from([0, 500, 1023]))
days = st.one_of(st.integers(DAY, DAY + 2), st.integers(DAY - 45, DAY + 45))
# A run of payments alike, repeated: long enough for limits, reviews and days to matter.
minutes = st.integers(-1, 1_439)
runs = st.lists(st.tuples(st.tuples(days, scores, st.booleans(), minutes), st.integers(1, 300)), max_size=40)


def spread(blocks: Sequence[tuple[Payment, int]]) -> list[Payment]:
    """Write out runs of equal payments."""
    return [payment for payment, count in blocks for _ in range(count)]


def columns(payments: Sequence[Payment]) -> tuple[list[int], list[int], list[bool], list[int]]:
    """Turn payments into the four columns of a run."""
    minutes = [p[3] if len(p) == 4 else -1 for p in payments]
    return [p[0] for p in payments], [p[1] for p in payments], [p[2] for p in payments], minutes


def one_by_one(budget: BudgetState, payments: Sequence[Payment]) -> list[int]:
    """Return the positions admitted when each payment comes alone."""
    return [position for position, payment in enumerate(payments) if budget.observe(*payment)]


@settings(max_examples=60, deadline=None)
@given(rate_ppm=st.sampled_from([0, 1, 5_000, 50_000, 500_000, MILLION]), blocks=runs)
def test_the_limit_holds_at_every_moment_whatever_comes(rate_ppm: int, blocks: list[tuple[Payment, int]]) -> None:
    """Every day, counted naively beside the budget, stays within floor(rate x seen) after every payment."""
    budget = BudgetState(rate_ppm)
    seen: dict[int, int] = {}
    alerted: dict[int, int] = {}
    newest = 0
    for payment in spread(blocks):
        day, is_candidate = payment[0], payment[2]
        newest = max(newest, day)
        admitted = budget.observe(*payment)
        if day > newest - 40:
            seen[day] = seen.get(day, 0) + 1
        else:
            assert not admitted
        if admitted:
            alerted[day] = alerted.get(day, 0) + 1
            assert is_candidate
            assert alerted[day] * MILLION <= rate_ppm * seen[day]


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_the_limit_holds_on_every_adversarial_day(name: str) -> None:
    """After an ordinary day, alerts so far never exceed floor(rate x seen so far)."""
    rng = np.random.default_rng(1)
    budget = BudgetState(RATE_PPM)
    one_by_one(budget, [(DAY, int(bucket), True) for bucket in ordinary(20_000, 0.036, rng).buckets])
    payments = ADVERSARIAL[name](ordinary(20_000, 0.036, rng), rng)

    admitted = one_by_one(budget, [(DAY + 1, int(bucket), True) for bucket in payments.buckets])

    assert admitted
    assert all(alerts * MILLION <= RATE_PPM * (position + 1) for alerts, position in enumerate(admitted, 1))


@settings(max_examples=60, deadline=None)
@given(blocks=runs, cuts=st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_a_run_admits_what_single_payments_would_however_it_is_cut(
    blocks: list[tuple[Payment, int]], cuts: list[int]
) -> None:
    """Chunk by chunk or one at a time: the same positions and the same state, byte for byte."""
    payments = spread(blocks)
    single, bulk = BudgetState(50_000), BudgetState(50_000)
    expected = one_by_one(single, payments)

    got: list[int] = []
    start = 0
    for size in cycle(cuts):
        if start >= len(payments):
            break
        got += [start + hit for hit in bulk.observe_run(*columns(payments[start : start + size]))]
        start += size

    assert expected == got
    assert single.encode() == bulk.encode()


def test_a_long_run_admits_what_single_payments_would() -> None:
    """Three realistic days, each as one run, equal the same days one payment at a time."""
    rng = np.random.default_rng(2)
    single, bulk = BudgetState(RATE_PPM), BudgetState(RATE_PPM)
    for day in range(DAY, DAY + 3):
        buckets = ordinary(15_000, 0.036, rng).buckets.tolist()
        payments = [(day, bucket, bucket > 400) for bucket in buckets]

        assert one_by_one(single, payments) == bulk.observe_run(*columns(payments))
    assert single.encode() == bulk.encode()


@settings(max_examples=30, deadline=None)
@given(blocks=runs, cut=st.integers(0, 3_000))
def test_a_budget_restored_from_its_bytes_goes_on_as_if_nothing_happened(
    blocks: list[tuple[Payment, int]], cut: int
) -> None:
    """Encoding and decoding at any moment changes neither what follows nor the state it ends in."""
    payments = spread(blocks)
    whole = BudgetState(50_000)
    expected = one_by_one(whole, payments)

    first = BudgetState(50_000)
    before = one_by_one(first, payments[:cut])
    second = BudgetState.decode(first.encode())
    after = [cut + hit for hit in one_by_one(second, payments[cut:])]

    assert expected == before + after
    assert whole.encode() == second.encode()


def test_the_state_stays_small_whatever_a_day_brings() -> None:
    """Ten days of every score, late ones among them, fit into 12 KiB."""
    rng = np.random.default_rng(3)
    budget = BudgetState(RATE_PPM)
    for day in range(DAY, DAY + 10):
        buckets = rng.integers(0, BUCKETS, 50_000).tolist()
        budget.observe_run([day - (score % 7 == 0) for score in buckets], buckets, [True] * len(buckets))

    assert len(budget.encode()) <= 12 * 1024


def test_an_ordinary_state_fits_into_eight_and_a_half_kib() -> None:
    """After a week of calibrated scores the state is about as large as an account's."""
    rng = np.random.default_rng(3)
    budget = BudgetState(RATE_PPM)
    for day in range(DAY, DAY + 7):
        run = ordinary(40_000, 0.036, rng)
        budget.observe_run([day] * 40_000, run.buckets.tolist(), [True] * 40_000, run.minutes.tolist())

    assert len(budget.encode()) <= 8.5 * 1024


@pytest.mark.parametrize("prevalence", [0.036, 0.01, 0.001])
def test_admission_goes_by_worth_not_by_who_comes_first(prevalence: float) -> None:
    """On a day like the one before, what is admitted is worth nearly what the day's best are, however rare frauds."""
    rng = np.random.default_rng(4)
    budget = BudgetState(RATE_PPM)
    one_by_one(budget, [(DAY, int(bucket), True) for bucket in ordinary(40_000, prevalence, rng).buckets])
    buckets = ordinary(40_000, prevalence, rng).buckets

    admitted = one_by_one(budget, [(DAY + 1, int(bucket), True) for bucket in buckets])

    assert 140 <= len(admitted) <= 200
    assert WORTHS[buckets[admitted]].sum() >= 0.93 * WORTHS[np.sort(buckets)[-200:]].sum()


def test_what_is_not_a_candidate_is_counted_and_never_admitted() -> None:
    """The limit grows with every payment, alerts come from candidates alone."""
    budget = BudgetState(500_000)

    assert one_by_one(budget, [(DAY, 1023, False)] * 100) == []

    assert budget.report(DAY).limit == 50


def test_a_report_says_what_a_reader_of_the_topic_needs() -> None:
    """Seen, alerted, limit, threshold and pace, right after the last payment."""
    budget = BudgetState(500_000)
    admitted = one_by_one(budget, [(DAY, 700, True)] * 100)
    one_by_one(budget, [(DAY, 700, False)] * 2)

    report = budget.report(DAY)

    assert (report.day, report.seen, report.alerted, report.limit) == (DAY, 102, len(admitted), 51)
    assert report.pace_ppm == len(admitted) * MILLION // 51
    assert 500 <= report.threshold <= 700


def test_the_threshold_says_none_when_nothing_is_left_to_spend() -> None:
    """With every allowed alert given, no bucket could be admitted at present."""
    budget = BudgetState(MILLION)
    one_by_one(budget, [(DAY, 1023, True)])

    assert budget.report(DAY) == DayReport(DAY, 1, 1, 1, BUCKETS, MILLION)


def test_an_unknown_day_reports_zeros() -> None:
    """Asking for a day does not begin it."""
    assert BudgetState(RATE_PPM).report(DAY) == DayReport(DAY, 0, 0, 0, BUCKETS, 0)


def test_each_admission_in_a_run_carries_the_numbers_of_its_moment() -> None:
    """A run's reports equal those asked for after each single payment."""
    rng = np.random.default_rng(5)
    payments = [(DAY, bucket, True) for bucket in ordinary(20_000, 0.036, rng).buckets.tolist()]
    single, bulk = BudgetState(RATE_PPM), BudgetState(RATE_PPM)
    expected = [(at, single.report(DAY)) for at, payment in enumerate(payments) if single.observe(*payment)]

    assert expected == bulk.observe_reporting(*columns(payments))


def test_a_changed_rate_holds_from_the_next_payment_on() -> None:
    """Tenfold the rate gives alerts for the payments that follow, not for those before."""
    budget = BudgetState(5_000)
    payments = [(DAY, bucket, True) for bucket in np.random.default_rng(7).integers(0, 1024, 10_000).tolist()]
    before = one_by_one(budget, payments)

    budget.set_rate(50_000)
    after = one_by_one(budget, payments)

    assert 40 <= len(before) <= 50
    assert 450 <= len(after) <= 550 - len(before)


@pytest.mark.parametrize("bucket", [-1, 1024])
def test_a_score_out_of_range_is_refused_and_nothing_is_counted(bucket: int) -> None:
    """A broken caller is told, and the state is as it was."""
    budget = BudgetState(RATE_PPM)
    before = budget.encode()

    with pytest.raises(ValueError, match="needed a score bucket"):
        budget.observe(DAY, bucket, is_candidate=True)
    with pytest.raises(ValueError, match="needed score buckets"):
        budget.observe_run([DAY, DAY], [5, bucket], [True, True])

    assert before == budget.encode()


def test_a_minute_that_no_day_has_is_refused_and_nothing_is_counted() -> None:
    """A broken caller is told, and the state is as it was."""
    budget = BudgetState(RATE_PPM)
    before = budget.encode()

    with pytest.raises(ValueError, match="minute"):
        budget.observe(DAY, 5, is_candidate=True, minute=1_440)
    with pytest.raises(ValueError, match="minutes of a day"):
        budget.observe_run([DAY], [5], [True], [1_440])

    assert before == budget.encode()


def test_the_clock_of_what_is_no_candidate_changes_nothing() -> None:
    """Live only candidates carry their time: a replay that knows every time must decide the same."""
    rng = np.random.default_rng(8)
    all_known, candidates_known = BudgetState(RATE_PPM), BudgetState(RATE_PPM)
    for day in range(DAY, DAY + 3):
        payments = ordinary(8_000, 0.036, rng)
        flags = (payments.buckets > 300).tolist()
        known = np.where(flags, payments.minutes, -1)
        run = [day] * 8_000, payments.buckets.tolist(), flags

        assert all_known.observe_run(*run, payments.minutes.tolist()) == candidates_known.observe_run(
            *run, known.tolist()
        )
    assert all_known.encode() == candidates_known.encode()


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xff" * 40, BudgetState(RATE_PPM).encode()[:-1]])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    """An empty, foreign or cut state raises ValueError, never anything else."""
    with pytest.raises(ValueError, match="needed"):
        BudgetState.decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_bring_the_decoder_down(noise: bytes) -> None:
    """Noise after a valid version is either refused with ValueError or a state that encodes again."""
    try:
        budget = BudgetState.decode(bytes([VERSION]) + noise)
    except ValueError:
        return
    assert BudgetState.decode(budget.encode()).encode() == budget.encode()
