"""The ledger: no day ever holds more alerts than its share, whatever is asked of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget.codec import Reader
from budget.ledger import DAYS_MAX, MILLION, Ledger, get_ledger, put_ledger


def copy_through_bytes(ledger: Ledger) -> Ledger:
    """Encode and decode a ledger."""
    out = bytearray([1])
    put_ledger(out, ledger)
    reader = Reader(bytes(out), version=1, what="ledger")
    copy = get_ledger(reader)
    reader.end()
    return copy


@given(
    rate_ppm=st.integers(0, MILLION),
    events=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 400), st.booleans())),
)
def test_alerts_never_exceed_the_share_of_what_was_seen(rate_ppm: int, events: list[tuple[int, int, bool]]) -> None:
    """Spending as often as it is allowed, over interleaved days, keeps every day within its limit at every moment."""
    ledger = Ledger(rate_ppm)
    seen: dict[int, int] = {}
    alerted: dict[int, int] = {}
    for day, count, greedy in events:
        if ledger.add(day, count):
            seen[day] = seen.get(day, 0) + count
        while greedy and ledger.unspent(day):
            ledger.spend(day)
            alerted[day] = alerted.get(day, 0) + 1

        assert all(alerts <= rate_ppm * seen[known] // MILLION for known, alerts in alerted.items())


def test_the_first_alert_is_allowed_with_the_two_hundredth_payment() -> None:
    """At 0.5 % the limit is 0 after 199 payments and 1 after 200."""
    ledger = Ledger(5_000)

    ledger.add(1, 199)
    assert ledger.limit(1) == 0
    ledger.add(1)
    assert ledger.limit(1) == 1


def test_spending_beyond_the_limit_is_refused_and_changes_nothing() -> None:
    """The one function that counts an alert refuses to break the invariant."""
    ledger = Ledger(5_000)
    ledger.add(1, 200)
    ledger.spend(1)

    with pytest.raises(ValueError, match="limit 1 already reached"):
        ledger.spend(1)

    assert ledger.days[1].alerted == 1


def test_a_day_beyond_the_fortieth_is_dropped_and_can_never_spend_again() -> None:
    """A dropped day is neither counted nor alerted, so it cannot spend its budget twice."""
    ledger = Ledger(MILLION)
    ledger.add(100)
    ledger.spend(100)

    ledger.add(100 + DAYS_MAX)

    assert not ledger.add(100)
    assert ledger.unspent(100) == 0
    assert list(ledger.days) == [100 + DAYS_MAX]


def test_the_day_forty_back_is_still_kept() -> None:
    """Forty days are kept, the newest one included."""
    ledger = Ledger(MILLION)
    ledger.add(100)

    ledger.add(100 + DAYS_MAX - 1)

    assert ledger.add(100)


def test_a_raised_rate_gives_nothing_for_payments_already_seen() -> None:
    """Each payment brings the rate in force when it was seen."""
    ledger = Ledger(5_000)
    ledger.add(1, 1_000)

    ledger.set_rate(10_000)

    assert ledger.limit(1) == 5
    ledger.add(1, 100)
    assert ledger.limit(1) == 6


def test_a_lowered_rate_gives_no_alert_until_the_limit_has_caught_up() -> None:
    """After a cut, the limit is what the new rate would have given the whole day."""
    ledger = Ledger(10_000)
    ledger.add(1, 1_000)
    for _ in range(10):
        ledger.spend(1)

    ledger.set_rate(5_000)
    ledger.add(1, 1_000)
    assert (ledger.limit(1), ledger.unspent(1)) == (10, 0)

    ledger.add(1, 200)
    assert ledger.unspent(1) == 1


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 300)), max_size=30))
def test_a_ledger_survives_its_bytes(events: list[tuple[int, int]]) -> None:
    """What was counted is the same after encoding and decoding."""
    ledger = Ledger(5_000)
    for day, count in events:
        ledger.add(day, count)
        if ledger.unspent(day):
            ledger.spend(day)

    copy = copy_through_bytes(ledger)

    assert (ledger.rate_ppm, ledger.newest_day, ledger.days) == (copy.rate_ppm, copy.newest_day, copy.days)


def test_bytes_that_break_the_invariant_are_refused() -> None:
    """A ledger whose day holds more alerts than it accrued was not written by this code."""
    ledger = Ledger(5_000)
    ledger.add(1, 200)
    ledger.days[1].alerted = 2

    with pytest.raises(ValueError, match="needed a day within its limit"):
        copy_through_bytes(ledger)


@pytest.mark.parametrize("rate_ppm", [-1, MILLION + 1])
def test_a_rate_that_is_no_share_is_refused(rate_ppm: int) -> None:
    """The message names the setting to correct."""
    with pytest.raises(ValueError, match="PRAHARI_ALERT_RATE"):
        Ledger(rate_ppm)
