"""Verdicts: known from their label time on, for 30 days, once each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from features import payee, payer
from features.transaction import Verdict
from features.vector import PAYER_FEATURE_COUNT, feature_index
from tests.features.oracle import DAY
from tests.features.worlds import START, payment


def verdict(number: int, label_time_ms: int = START, *, is_fraud: bool = True) -> Verdict:
    """Return a verdict on a payment of me@x to shop@y."""
    return Verdict(f"t{number}", START - DAY, 100, "me@x", "shop@y", is_fraud, label_time_ms, "bank")


def count(verdicts: list[Verdict], time_ms: int) -> float:
    """Return what a payer reads at a time after verdicts came in the given order."""
    state = payer.fold(payer.empty(), payment(0, START - DAY))
    for one in verdicts:
        state = payer.fold_verdict(state, one)
    return payer.read(state, payment(99, time_ms))[feature_index("payer_fraud_verdicts_30d")]


def test_a_verdict_counts_for_30_days() -> None:
    """From just after its label time to 30 days after it, edge included."""
    edges = [START, START + 1, START + 30 * DAY, START + 30 * DAY + 1]

    assert [count([verdict(1)], time_ms) for time_ms in edges] == [0, 1, 1, 0]


def test_the_same_verdict_again_changes_nothing() -> None:
    """Idempotent by transaction id, also when it is labelled anew."""
    assert count([verdict(1), verdict(1), verdict(1, START + 5)], START + DAY) == 1


def test_a_verdict_of_not_fraud_counts_nothing() -> None:
    """Only fraud is counted."""
    assert count([verdict(1, is_fraud=False)], START + DAY) == 0


def test_a_corrected_verdict_counts_until_the_correction() -> None:
    """What was known before the correction stays known as it was."""
    verdicts = [verdict(1, START), verdict(1, START + DAY, is_fraud=False)]

    assert [count(verdicts, START + DAY), count(verdicts, START + DAY + 1)] == [1, 0]


def test_verdicts_of_not_fraud_do_not_push_fraud_out() -> None:
    """A merchant of whom a thousand payments were found good is still known for the one that was not."""
    good = [verdict(number, START + number, is_fraud=False) for number in range(1, 1000)]

    assert count([verdict(0), *good], START + DAY) == 1


def test_the_newest_24_of_a_payer_are_kept() -> None:
    """More than 24 read as 24, and the oldest go."""
    many = [verdict(number, START + number) for number in range(40)]

    assert count(many, START + DAY) == 24
    assert count(many, START + 16) == 0
    assert count(many, START + 22) == 6


_found = st.tuples(st.integers(0, 9), st.integers(0, 40), st.booleans())


@given(st.lists(_found, max_size=12, unique_by=lambda one: one[:2]), st.integers(0, 80))
def test_verdicts_count_as_a_naive_scan_counts(found: list[tuple[int, int, bool]], day: int) -> None:
    """Per payment the latest verdict known before T decides, if it is at most 30 days old."""
    known: list[Verdict] = []
    for number, label_day, is_fraud in sorted(found, key=lambda one: one[1]):
        latest = [one.is_fraud for one in known if one.transaction_id == f"t{number}"]
        if latest[-1:] != [is_fraud]:
            known.append(verdict(number, START + label_day * DAY, is_fraud=is_fraud))
    time_ms = START + day * DAY
    latest_known = {
        one.transaction_id: one.is_fraud for one in known if time_ms - 30 * DAY <= one.label_time_ms < time_ms
    }
    state = payee.empty()
    for one in known:
        state = payee.fold_verdict(payee.fold_verdict(state, one), one)

    at = feature_index("payee_fraud_verdicts_30d") - PAYER_FEATURE_COUNT
    assert payee.read(state, payment(99, time_ms))[at] == sum(latest_known.values())
