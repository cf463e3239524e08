"""Fraud is seeded in what happens, never in a field: nothing that scoring reads gives it away by itself."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from simulator import accounts
from simulator.almanac import Span
from simulator.mules import opened_for, period_of
from tests.simulator.making import START_DAY, Made, make

MEANINGLESS = {
    "app": pl.col("app"),
    "location": pl.col("location"),
    "location missing": pl.col("location").is_null(),
    "device missing": pl.col("device_id").is_null(),
    "ip missing": pl.col("ip").is_null(),
    "first of ip": pl.col("ip").str.extract(r"^\d+\.(\d+)"),
    "last of ip": pl.col("ip").str.extract(r"(\d+)$"),
    "start of id": pl.col("transaction_id").str.slice(0, 2),
    "end of id": pl.col("transaction_id").str.slice(22, 2),
    "length of id": pl.col("transaction_id").str.len_chars(),
    "start of device": pl.col("device_id").str.slice(0, 1),
    "length of device": pl.col("device_id").str.len_chars(),
    "milliseconds": pl.col("event_time").str.slice(20, 3).cast(pl.Int64),
    "second": pl.col("event_time").str.slice(17, 2).cast(pl.Int64),
    "minute": pl.col("event_time").str.slice(14, 2).cast(pl.Int64),
    "handle of payer": pl.col("payer_vpa").str.extract("@(.*)$"),
    "start of payer": pl.col("payer_vpa").str.slice(0, 1),
}
MEANINGFUL = ("payee_type", "mcc", "initiation_mode", "txn_type", "status")


def power(values: pl.Series, is_fraud: np.ndarray) -> float:
    """Return the AUC, on the second half, of a tree of depth 3 that learned a field from the first half."""
    if values.dtype in {pl.String, pl.Boolean}:
        values = values.cast(pl.String).fill_null("missing").rank("dense")
    column = values.fill_null(-1).to_numpy().reshape(-1, 1)
    half = len(column) // 2
    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=100, random_state=0)
    tree.fit(column[:half], is_fraud[:half])
    return float(roc_auc_score(is_fraud[half:], tree.predict_proba(column[half:])[:, 1]))


@pytest.mark.parametrize("name", MEANINGLESS)
def test_a_meaningless_field_has_no_power(made: Made, name: str) -> None:
    """A tree on it guesses no better than a coin."""
    values = made.frame.select(MEANINGLESS[name].alias("x")).to_series()

    assert power(values, made.frame["is_fraud"].to_numpy()) < 0.55


def test_the_test_would_see_a_tell(made: Made) -> None:
    """A device id whose first character is 9 for half of the frauds is found."""
    told = (made.frame["is_fraud"] == 1) & pl.Series(np.arange(len(made.frame)) % 2 == 0)
    start = made.frame["device_id"].str.slice(0, 1).set(told, "9")

    assert power(start, made.frame["is_fraud"].to_numpy()) > 0.65


@pytest.mark.parametrize("name", MEANINGFUL)
def test_no_value_of_a_field_means_fraud(made: Made, name: str) -> None:
    """Collect requests or payments to people are riskier, but none of their values is mostly fraud."""
    shares = made.frame.group_by(name).agg(pl.col("is_fraud").mean(), pl.len()).filter(pl.col("len") > 100)

    assert shares["is_fraud"].max() < 0.25  # type: ignore[operator]


def test_accounts_of_fraudsters_have_names_like_any_other(made: Made) -> None:
    """Among people who received money, neither style, name, digits nor handle tell who is a mule."""
    people = made.frame.filter(pl.col("payee_type") == "PERSON")
    people = people.group_by("payee_vpa").agg(pl.col("is_fraud").max()).sort(pl.col("payee_vpa").hash(1))
    vpa, mule = people["payee_vpa"], people["is_fraud"].to_numpy()

    assert 100 < mule.sum() < len(mule) / 3
    for part in ("^(.)", "^([a-z]+)", r"\.([a-z]+)", r"(.)@", "@(.*)$"):
        assert power(vpa.str.extract(part), mule) < 0.58, part
    assert power(vpa.str.extract(r"(\d+)@").cast(pl.Int64), mule) < 0.58
    assert power(vpa.str.len_chars(), mule) < 0.58


def test_a_stolen_accounts_devices_look_like_any_other(made: Made) -> None:
    """Each device id is 16 hex digits, and those seen in fraud are no rarer in other accounts' payments by form."""
    devices = made.frame["device_id"].drop_nulls()

    assert devices.str.contains("^[0-9a-f]{16}$").all()


def test_mules_also_live_honest_lives(made: Made) -> None:
    """Most accounts that receive stolen money also have honest payments in the same month."""
    fraud, honest = (made.frame.filter(pl.col("is_fraud") == flag) for flag in (1, 0))
    mules = set(fraud.filter(pl.col("payee_type") == "PERSON")["payee_vpa"])
    lives = set(honest["payee_vpa"]) | set(honest["payer_vpa"])

    assert len(mules & lives) > 0.7 * len(mules)


def test_honest_accounts_are_new_too(made: Made) -> None:
    """Of the payees first met in the last ten days, most never took part in a fraud."""
    recent = made.frame.group_by("payee_vpa").agg(pl.col("event_time").min(), pl.col("is_fraud").max())
    recent = recent.filter(pl.col("event_time") > "2025-01-21")

    assert recent["is_fraud"].mean() < 0.5  # type: ignore[operator]


def test_rings_opened_accounts_are_among_the_people_of_their_world() -> None:
    """What rings open are people's accounts, all different."""
    world = make(1000, 10, people=2000).world
    opened, day = opened_for(world.dice, world.people, int(period_of(np.array([START_DAY]))[0]))

    assert len(opened) == len(np.unique(opened)) == len(day)
    assert not accounts.is_entity(opened).any()
    assert Span(START_DAY, 1).start_day - 6 < day[0] <= START_DAY


def test_no_fraud_is_trivially_told_by_its_amount(made: Made) -> None:
    """Every fraud's middle amounts are amounts that thousands of honest payments have."""
    honest = made.frame.filter(pl.col("is_fraud") == 0)["amount"]
    for name in made.frame["fraud_type"].drop_nulls().unique():
        amount = made.frame.filter(pl.col("fraud_type") == name)["amount"]
        low, high = amount.quantile(0.25), amount.quantile(0.75)

        assert honest.is_between(low, high).sum() > 2 * amount.is_between(low, high).sum(), name
