"""Histories: the same bytes each time, exactly as many payments and frauds as asked for, valid to the last field."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import SimulatorError
from features.transaction import parse_transaction, parse_verdict
from simulator import merchants
from simulator.almanac import weekday
from simulator.frauds import FRAUDS
from simulator.lookalikes import LOOKALIKES
from simulator.reading import REQUIRED, time_ms
from simulator.records import json_values
from simulator.table import COLUMNS, TRANSACTION_COLUMNS
from simulator.writer import write_history
from tests.simulator.making import START_DAY, Made, make

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Two runs write equal files."""
    for name in ("one", "two"):
        write_history(make(5000, 10).frame, tmp_path / (name + suffix))

    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_another_seed_gives_another_world() -> None:
    """Two seeds share neither payments nor people."""
    one, two = make(3000, 10, seed=1).frame, make(3000, 10, seed=2).frame

    assert not set(one["transaction_id"]) & set(two["transaction_id"])
    assert len(set(one["payer_vpa"]) & set(two["payer_vpa"])) < 5


def test_a_history_has_its_columns_in_order_of_time(made: Made) -> None:
    """All documented columns, rows sorted by event time, within the span."""
    times = time_ms(made.frame["event_time"]).to_numpy()

    assert list(COLUMNS) == made.frame.columns
    assert (np.diff(times) >= 0).all()
    assert made.plan.span.start_ms <= times[0]
    assert times[-1] < made.plan.span.end_ms


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 3000),
    st.integers(1, 40),
    st.integers(0, 2**40),
    st.sampled_from([0.0, 0.0005, 0.01, 0.036, 0.3, 0.5]),
)
def test_counts_are_exactly_as_asked(transactions: int, days: int, seed: int, prevalence: float) -> None:
    """N payments of which round(N x prevalence) are frauds, all ids different, nobody pays themselves."""
    made = make(transactions, days, seed, prevalence=prevalence)

    assert transactions == len(made.frame)
    assert round(transactions * prevalence) == made.frame["is_fraud"].sum()
    assert transactions == made.frame["transaction_id"].n_unique()
    assert not (made.frame["payer_vpa"] == made.frame["payee_vpa"]).any()


def test_every_fraud_is_there_in_its_share(made: Made) -> None:
    """All thirteen, each within one payment of its part."""
    counts = dict(made.frame.filter(pl.col("is_fraud") == 1)["fraud_type"].value_counts().iter_rows())
    total = sum(fraud.share for fraud in FRAUDS)
    frauds = sum(counts.values())

    assert {fraud.name for fraud in FRAUDS} == set(counts)
    assert all(abs(counts[fraud.name] - frauds * fraud.share / total) <= 1 for fraud in FRAUDS)


def test_honest_payments_have_no_fraud_type(made: Made) -> None:
    """And every fraud has one."""
    assert (made.frame["fraud_type"].is_null() == (made.frame["is_fraud"] == 0)).all()


def test_scoring_accepts_every_payment_and_every_verdict(made: Made) -> None:
    """Each row, sent as JSON, is parsed to what the row says."""
    sample = made.frame.gather_every(7)
    stamp = made.plan.span.end_ms + 10**9
    verdicts = sample.select(*REQUIRED, "is_fraud", "label_time", pl.lit("bank").alias("source"))
    parsed = [parse_transaction(value, stamp) for value in json_values(sample.select(TRANSACTION_COLUMNS))]
    found = [parse_verdict(value, stamp) for value in json_values(verdicts)]

    assert sample["payer_vpa"].to_list() == [txn.payer_vpa for txn in parsed]
    assert (sample["amount"] * 100).round().cast(pl.Int64).to_list() == [txn.amount_paise for txn in parsed]
    assert time_ms(sample["event_time"]).to_list() == [txn.event_time_ms for txn in parsed]
    assert sample["location"].to_list() == [txn.location for txn in parsed]
    assert sample["is_fraud"].cast(pl.Boolean).to_list() == [verdict.is_fraud for verdict in found]


def test_verdicts_come_after_the_label_delay(made: Made) -> None:
    """72 hours, unless told otherwise."""
    delay = time_ms(made.frame["label_time"]) - time_ms(made.frame["event_time"])

    assert delay.unique().to_list() == [72 * 3_600_000]


def test_amounts_keep_the_limits_of_upi(made: Made) -> None:
    """At most a lakh, except for the categories that may take 2 or 5; whole paise."""
    lakhs = pl.col("mcc").replace_strict(merchants.LIMIT_LAKH, default=1)
    amount = made.frame["amount"].to_numpy()

    assert made.frame.filter(pl.col("amount") > lakhs * 100_000).is_empty()
    assert amount.min() > 0
    assert (np.round(amount * 100) / 100 == amount).all()


def test_people_keep_their_habits(made: Made) -> None:
    """Nights are quiet, the first days of a month busy, and many payments go to a payee paid before."""
    honest = made.frame.filter(pl.col("is_fraud") == 0)
    hour = honest["event_time"].str.slice(11, 2).cast(pl.Int64).to_numpy()
    day = honest["event_time"].str.slice(8, 2).cast(pl.Int64).to_numpy()
    pairs = honest.group_by("payer_vpa", "payee_vpa").len()["len"].to_numpy()

    assert np.mean(hour < 5) < 0.06
    assert np.mean((hour >= 9) & (hour < 22)) > 0.75
    assert np.sum(day <= 6) / 6 > 1.15 * np.sum((day > 6) & (day <= 30)) / 24
    assert np.sum(pairs - 1) / len(honest) > 0.3


def test_weekdays_are_those_of_the_calendar() -> None:
    """1 January 2025 was a Wednesday."""
    assert weekday(np.array([START_DAY])).tolist() == [2]


def test_an_emerging_fraud_waits_for_its_day() -> None:
    """Before that day nobody commits it; after it, its share is there."""
    made = make(20_000, 20, emerging="device_farm", emerging_day=15)
    farm = made.frame.filter(pl.col("fraud_type") == "device_farm")

    assert len(farm) > 20
    assert farm["event_time"].min() >= "2025-01-16"  # type: ignore[operator]


def test_the_first_people_are_the_same_in_a_larger_world() -> None:
    """Walk of life, income and phone of person 17 do not depend on how many others there are."""
    small, large = make(2000, 10, people=250).world, make(2000, 10, people=1000).world

    assert small.people.walk.tolist() == large.people.walk[:250].tolist()
    assert small.people.income.tolist() == large.people.income[:250].tolist()


def test_fifty_thousand_payments_take_a_moment() -> None:
    """Far under the speed that 1.1 million in 90 s needs."""
    began = time.perf_counter()
    make(50_000, 30)

    assert time.perf_counter() - began < 4.0


@pytest.mark.parametrize(
    "wishes",
    [
        {"transactions": 0},
        {"days": 0},
        {"prevalence": 0.7},
        {"prevalence": float("nan")},
        {"emerging": "jaywalking"},
        {"emerging_day": 99},
        {"people": 0},
        {"people": 10**9},
    ],
)
def test_what_cannot_be_made_is_refused(wishes: dict[str, Any]) -> None:
    """With a message that names the option, not a traceback out of numpy."""
    with pytest.raises(SimulatorError, match="--"):
        make(**{"transactions": 1000, "days": 10, **wishes})


def test_every_fraud_has_a_look_alike() -> None:
    """The table of hard negatives names each fraud, or the throw-away accounts that they all use."""
    import simulator.lookalikes  # noqa: PLC0415

    table = simulator.lookalikes.__doc__ or ""

    assert all(episode.name in table for episode in LOOKALIKES)
    for fraud in FRAUDS:
        assert fraud.name.replace("_", " ").replace("sim ", "SIM ").split()[0].lower() in table.lower()
