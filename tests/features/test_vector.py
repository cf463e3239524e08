"""The registry: one place for every name, complete, unambiguous and in the order in which the stages answer."""

from __future__ import annotations

import pytest

from features import payee, payer
from features.described import habits, judged, passing
from features.vector import (
    FEATURE_COUNT,
    FEATURE_NAMES,
    FEATURE_SCHEMA,
    PAYER_FEATURE_COUNT,
    REGISTRY,
    WINDOWS,
    feature_index,
)
from tests.features.worlds import payment

COUNTED = [
    *(
        f"{side}_{name}"
        for side in ("payer", "payee")
        for name in ("fraud_verdicts_24h", "fraud_verdicts_7d", "fraud_streak")
    )
]
REQUIRED = [
    *("amount_rupees", "hour_ist", "weekday_ist", "payee_is_new", "payer_amount_over_mean_30d"),
    *("payer_amount_over_max_30d", "payer_seconds_since_last", "payer_age_days", "device_is_new"),
    *("payer_failed_count_24h", "payer_tiny_count_1h", "payer_is_new_to_payee", "payee_new_payers_1h"),
    *("payee_new_payers_24h", "payee_age_days", "payee_seconds_since_last", "payee_amount_over_mean_30d"),
    *("payer_fraud_verdicts_30d", "payee_fraud_verdicts_30d", "payee_is_entity"),
    *(
        f"{name}_{window}"
        for name in ("payer_txn_count", "payer_amount_sum", "payer_distinct_payees")
        for window in WINDOWS
    ),
    *(
        f"{name}_{window}"
        for name in ("payee_txn_count", "payee_amount_sum", "payee_distinct_payers")
        for window in WINDOWS
    ),
]


@pytest.mark.parametrize("name", REQUIRED)
def test_what_rules_and_models_rely_on_is_there(name: str) -> None:
    """Renaming one of these breaks rules and every model in force."""
    assert FEATURE_NAMES[feature_index(name)] == name


def test_names_are_unique_and_every_feature_is_described() -> None:
    """Name, meaning, unit, stage and fraud are never empty; a window is one of the five or none."""
    assert len(set(FEATURE_NAMES)) == len(REGISTRY) == FEATURE_COUNT
    for feature in REGISTRY:
        assert all((feature.name, feature.meaning, feature.unit, feature.fraud))
        assert feature.stage in ("payer", "payee")
        assert feature.window in ("", *WINDOWS)


def test_a_row_is_the_payers_features_then_the_payees() -> None:
    """Both sides answer with as many floats as the registry gives them."""
    stages = [feature.stage for feature in REGISTRY]
    payer_row, payee_row = payer.read(payer.empty(), payment()), payee.read(payee.empty(), payment())

    assert stages == ["payer"] * len(payer_row) + ["payee"] * len(payee_row)
    assert len(payer_row) == PAYER_FEATURE_COUNT
    assert all(type(value) is float for value in payer_row + payee_row)


def test_without_history_ratios_are_unknown_and_counts_are_zero() -> None:
    """NaN is "not known", never zero; what was not given is not known either."""
    row = dict(
        zip(FEATURE_NAMES, payer.read(payer.empty(), payment()) + payee.read(payee.empty(), payment()), strict=True)
    )
    unknown = {name for name, value in row.items() if value != value}  # noqa: PLR0124 - NaN

    assert unknown == {
        *("txn_is_collect", "payer_amount_over_mean_30d", "payer_amount_over_max_30d", "payer_seconds_since_last"),
        *("payer_age_days", "payer_seconds_since_payee", "device_is_new", "payer_devices_30d"),
        *("payee_new_payer_share_24h", "payee_amount_over_mean_30d", "payee_amount_over_max_30d"),
        *("payee_seconds_since_last", "payee_age_days", "payee_is_entity"),
        *("payer_approval_rate_7d", "payer_approval_rate_30d", "payee_seconds_since_payer"),
        *(feature.name for feature in passing() if feature.unit != "payments"),
        *(feature.name for side, other in (("payer", "payee"), ("payee", "payer")) for feature in habits(side, other)),
        *(feature.name for side in ("payer", "payee") for feature in judged(side) if feature.name not in COUNTED),
    }
    assert row["payee_is_new"] == row["payer_is_new_to_payee"] == 1.0


def test_the_schema_is_known() -> None:
    """A changed list of features makes every trained model unfit: this snapshot makes that a decision."""
    assert (FEATURE_SCHEMA, FEATURE_COUNT) == ("e7a79917d1e1", 114)


def test_an_unknown_feature_is_refused_with_near_names() -> None:
    """So that a typing error in a rule is found at once."""
    with pytest.raises(KeyError, match="payee_is_new"):
        feature_index("payee_is_old")
