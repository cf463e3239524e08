"""The default rules on payments that a person would recognise: each fraud hits its rule, ordinary life hits none."""

from __future__ import annotations

import math

import pytest

from features.vector import FEATURE_COUNT, feature_index
from rules import DEFAULT_RULES, load_rules

RULES = load_rules(DEFAULT_RULES)


def payment(**known: float) -> list[float]:
    """Build a row in which everything is missing but what is told."""
    row = [math.nan] * FEATURE_COUNT
    for name, value in known.items():
        row[feature_index(name)] = value
    return row


FRAUDS = {
    "PAYER_VELOCITY": (
        payment(payer_txn_count_5m=9, payer_txn_count_30d=40, payer_distinct_payees_5m=3),
        "9 payments in the 5 minutes before this one, to 3 payees; 40 in 30 days",
    ),
    "AMOUNT_BURST": (
        payment(payer_txn_count_5m=3, payer_amount_sum_5m=60_000, payer_amount_sum_30d=90_000),
        "₹60,000 paid in the 5 minutes before this one, of ₹90,000 in 30 days",
    ),
    "NEW_BENEFICIARY": (
        payment(payee_is_new=1, amount_rupees=150_000, payer_amount_over_mean_30d=40),
        "₹1,50,000 to a payee never paid before, 40 times the payer's usual amount",
    ),
    "LATE_NIGHT": (
        payment(hour_ist=2.5, amount_rupees=4_000, payer_amount_over_mean_30d=6.5),
        "₹4,000 at 02:30 IST, 6.5 times the payer's usual amount",
    ),
    "MULE_FAN_IN": (
        payment(payee_new_payers_1h=7, payee_distinct_payers_30d=9),
        "7 payers new to this payee in the hour before; 9 in 30 days",
    ),
}


@pytest.mark.parametrize("rule_id", FRAUDS)
def test_each_fraud_hits_its_own_rule_and_is_told_in_numbers(rule_id: str) -> None:
    """The text is what an analyst reads in the alert."""
    row, text = FRAUDS[rule_id]
    assert RULES.evaluate(row)[1] == (rule_id,)
    assert RULES.explain(rule_id, row) == text


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(payment(payer_txn_count_5m=5, payer_txn_count_30d=900), id="a shop that always pays this often"),
        pytest.param(
            payment(payer_txn_count_5m=1, payer_amount_sum_5m=80_000, payer_amount_sum_30d=80_000),
            id="one large purchase",
        ),
        pytest.param(
            payment(payee_is_new=1, amount_rupees=12_000, payer_amount_over_mean_30d=1.4), id="a rich man's first visit"
        ),
        pytest.param(
            payment(payee_is_new=0, amount_rupees=90_000, payer_amount_over_mean_30d=20), id="rent to a known landlord"
        ),
        pytest.param(payment(hour_ist=3, amount_rupees=450, payer_amount_over_mean_30d=3), id="a ride home at night"),
        pytest.param(
            payment(payee_new_payers_1h=40, payee_distinct_payers_30d=45, payee_is_entity=1), id="a shop's first day"
        ),
        pytest.param(payment(payee_new_payers_1h=9, payee_distinct_payers_30d=900), id="a street vendor, type unknown"),
        pytest.param(payment(), id="nothing known"),
    ],
)
def test_ordinary_life_hits_no_rule(row: list[float]) -> None:
    """The hard negatives that each second condition is there for."""
    assert RULES.evaluate(row) == (0, ())


def test_a_first_payment_without_history_counts_only_when_very_large() -> None:
    """Without a mean to compare with, 50,000 rupees is the line."""
    assert RULES.evaluate(payment(payee_is_new=1, amount_rupees=49_999))[1] == ()
    row = payment(payee_is_new=1, amount_rupees=50_000)
    assert RULES.evaluate(row)[1] == ("NEW_BENEFICIARY",)
    assert RULES.explain("NEW_BENEFICIARY", row) == "₹50,000 to a payee never paid before"
