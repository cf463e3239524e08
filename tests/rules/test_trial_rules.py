"""The rules on trial, rules/trial.yaml: each fraud hits its rule, ordinary life hits none, and none weighs anything."""

from __future__ import annotations

import math

import pytest

from features.vector import FEATURE_COUNT, feature_index
from rules import DEFAULT_RULES, TRIAL_RULES, load_rules
from rules.shadow import ShadowRules

RULES = load_rules(TRIAL_RULES)
BASE = load_rules(DEFAULT_RULES)

DAY_S = 86_400.0

PROBED = {
    "amount_rupees": 9_000.0,
    "payer_tiny_count_1h": 1.0,
    "payer_failed_count_24h": 0.0,
    "payer_txn_count_to_payee_30d": 1.0,
    "payer_new_payees_24h": 1.0,
}
AWAKENED = {
    "amount_rupees": 8_000.0,
    "payer_seconds_since_last": 24 * DAY_S,
    "payer_age_days": 200.0,
    "payee_is_new": 1.0,
    "payer_amount_over_mean_30d": 12.0,
}
SWAPPED = {
    "amount_rupees": 8_000.0,
    "device_is_new": 1.0,
    "payer_devices_30d": 1.0,
    "payee_is_new": 1.0,
    "payer_amount_over_mean_30d": 12.0,
}
STRUCTURED = {
    "amount_rupees": 49_500.0,
    "payer_txn_count_24h": 3.0,
    "payer_amount_sum_24h": 147_000.0,
    "payer_new_payees_24h": 1.0,
    "payer_seconds_since_payee": 2_400.0,
    "payer_amount_over_payee_mean_30d": 1.01,
}
PASSED_ON = {
    "amount_rupees": 9_000.0,
    "payee_passed_on_quick_share_7d": 0.9,
    "payee_shortest_stay_7d": 240.0,
    "payee_txn_count_7d": 5.0,
    "payer_is_new_to_payee": 1.0,
}
JUDGED = {"payee_fraud_verdicts_7d": 3.0, "payee_fraud_rate_30d": 0.6}


def payment(known: dict[str, float], **other: float) -> list[float]:
    """Build a row in which everything is missing but what is told; `other` overrides."""
    row = [math.nan] * FEATURE_COUNT
    for name, value in (known | other).items():
        row[feature_index(name)] = value
    return row


FRAUDS = {
    "PROBE_THEN_LARGE": (
        payment(PROBED),
        (
            "₹9,000 after 1 payment of at most ₹10 in the hour before and 0 failed payments in 24 hours; "
            "1 payment to this payee before"
        ),
    ),
    "DORMANT_AWAKENED": (
        payment(AWAKENED),
        (
            "₹8,000 to a person never paid before, after 24 days without a payment, 12 times the payer's usual amount; "
            "the account is known for 200 days"
        ),
    ),
    "NEW_DEVICE": (
        payment(SWAPPED),
        (
            "₹8,000 to a person never paid before, 12 times the payer's usual amount, from a device that is new; "
            "1 device in the 30 days before"
        ),
    ),
    "STRUCTURING": (
        payment(STRUCTURED),
        (
            "₹49,500, just under a limit, 1.0 times the usual amount to this payee, which was last paid 40 min ago; "
            "₹1,47,000 in 3 payments in the 24 hours before"
        ),
    ),
    "PAYEE_JUDGED_FRAUD": (
        payment(JUDGED),
        "3 payments to this payee were judged fraud in 7 days, 60 % of those judged in 30 days",
    ),
    "PASS_THROUGH": (
        payment(PASSED_ON),
        (
            "₹9,000 to a person never paid before, who paid on 90 % of what came in during 7 days within an hour, "
            "at the soonest after 4 min; 5 payments came in"
        ),
    ),
}


def test_the_base_rules_stand_here_as_in_rules_yaml() -> None:
    """Whoever puts this file in force changes no score: the same active rules, and all the rest on trial."""
    assert RULES.rules[: len(BASE.rules)] == BASE.rules
    assert [rule.id for rule in RULES.rules if not rule.active] == list(FRAUDS)


def test_in_force_or_tried_beside_rules_yaml_it_puts_the_same_rules_on_trial() -> None:
    """PRAHARI_RULES=rules/trial.yaml, or `prahari rules try rules/trial.yaml`."""
    assert ShadowRules(RULES, None).ids == tuple(FRAUDS)
    assert ShadowRules(BASE, RULES).ids == tuple(FRAUDS)


@pytest.mark.parametrize("rule_id", FRAUDS)
def test_each_fraud_hits_its_own_rule_and_is_told_in_numbers(rule_id: str) -> None:
    """On trial it weighs nothing, whatever its weight says for later."""
    row, text = FRAUDS[rule_id]
    assert RULES.shadow_hits(row) == (rule_id,)
    assert RULES.evaluate(row) == (0, ())
    assert RULES.explain(rule_id, row) == text


@pytest.mark.parametrize(
    ("rule_id", "row"),
    [
        ("PROBE_THEN_LARGE", payment(PROBED, payer_tiny_count_1h=0, payer_failed_count_24h=2)),
        ("PROBE_THEN_LARGE", payment(PROBED, payer_txn_count_to_payee_30d=0)),
        (
            "DORMANT_AWAKENED",
            payment(AWAKENED, payer_seconds_since_last=90 * DAY_S, payer_amount_over_mean_30d=math.nan),
        ),
        ("PASS_THROUGH", payment(PASSED_ON, payee_passed_on_quick_share_7d=0.3, payee_is_entity=math.nan)),
        *(("STRUCTURING", payment(STRUCTURED, amount_rupees=rupees)) for rupees in (9_999, 18_000, 45_000, 99_000)),
    ],
)
def test_a_fraud_hits_in_its_other_shapes_too(rule_id: str, row: list[float]) -> None:
    """Failed tries, a stranger as payee, a mean that is forgotten, other limits."""
    assert RULES.shadow_hits(row) == (rule_id,)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(payment(PROBED, amount_rupees=450), id="tea, then a meal"),
        pytest.param(payment(PROBED, payer_txn_count_to_payee_30d=12), id="tea, then a friend who is paid often"),
        pytest.param(payment(PROBED, payer_new_payees_24h=0), id="tea, then family, and nobody new that day"),
        pytest.param(payment(PROBED, payee_is_entity=1), id="an app tried with a rupee at a shop"),
        pytest.param(payment(PROBED, payer_tiny_count_1h=0, payer_failed_count_24h=1), id="a mistyped PIN"),
        pytest.param(payment(AWAKENED, payer_seconds_since_last=10 * DAY_S), id="ten days of leave"),
        pytest.param(payment(AWAKENED, payer_age_days=25), id="a customer since last month"),
        pytest.param(payment(AWAKENED, payee_is_new=0), id="rent, once in a while"),
        pytest.param(payment(AWAKENED, payee_is_entity=1), id="home again, at a shop"),
        pytest.param(payment(AWAKENED, payer_amount_over_mean_30d=1.5), id="someone who seldom pays, as ever"),
        pytest.param(payment(AWAKENED, amount_rupees=300), id="a ride from the airport"),
        pytest.param(payment(SWAPPED, payee_is_new=0), id="a new phone, and a friend"),
        pytest.param(payment(SWAPPED, payee_is_entity=1), id="a new phone, and the shop that sells its case"),
        pytest.param(payment(SWAPPED, payer_amount_over_mean_30d=1.5), id="a new phone, and the usual amount"),
        pytest.param(payment(SWAPPED, amount_rupees=900), id="a new phone, and a meal"),
        pytest.param(payment(SWAPPED, device_is_new=0), id="the usual phone"),
        pytest.param(payment(SWAPPED, device_is_new=math.nan), id="a first phone, or none told"),
        *(
            pytest.param(payment(STRUCTURED, amount_rupees=rupees), id=f"parts of {rupees}, not just under a limit")
            for rupees in (8_999, 10_000, 17_999, 20_000, 44_999, 50_000, 89_999, 100_000)
        ),
        pytest.param(payment(STRUCTURED, payer_txn_count_24h=1), id="a used car in two parts"),
        pytest.param(payment(STRUCTURED, payer_seconds_since_payee=30 * DAY_S), id="rent just under 50,000"),
        pytest.param(payment(STRUCTURED, payer_amount_over_payee_mean_30d=90), id="a rupee first, then the car"),
        pytest.param(payment(STRUCTURED, payer_amount_over_payee_mean_30d=0.5), id="the rest of a larger sum"),
        pytest.param(payment(STRUCTURED, payer_new_payees_24h=0), id="a supplier of old"),
        pytest.param(payment(STRUCTURED, payee_is_entity=1), id="a jeweller, in parts"),
        pytest.param(payment(JUDGED, payee_fraud_rate_30d=0.01), id="a large shop with a few bad payments"),
        pytest.param(payment(JUDGED, payee_fraud_verdicts_7d=0), id="judged weeks ago, and quiet since"),
        pytest.param(payment(PASSED_ON, payee_passed_on_quick_share_7d=0.1), id="a friend who pays his bills too"),
        pytest.param(payment(PASSED_ON, payee_txn_count_7d=1), id="a salary, and the rent on the same evening"),
        pytest.param(payment(PASSED_ON, payer_is_new_to_payee=0), id="the one who collects for the trip"),
        pytest.param(payment(PASSED_ON, amount_rupees=400), id="a share of a meal"),
        pytest.param(payment(PASSED_ON, payee_is_entity=1), id="a shop that pays its supplier"),
        pytest.param(payment({}), id="nothing known"),
    ],
)
def test_ordinary_life_hits_no_rule(row: list[float]) -> None:
    """The hard negatives that each second condition is there for."""
    assert RULES.shadow_hits(row) == ()
    assert RULES.evaluate(row) == (0, ())
