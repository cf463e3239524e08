"""Faults: none unless asked for, and each the one that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from features.errors import RejectedTransaction, SimulatorError
from features.transaction import is_late, parse_transaction
from simulator.dice import Dice
from simulator.faults import Faults, disturb, spoil_rows, spoil_value
from simulator.reading import time_ms
from simulator.records import json_values
from simulator.table import TRANSACTION_COLUMNS

if TYPE_CHECKING:
    from tests.simulator.making import Made

DICE = Dice(9)


def times_of(made: Made) -> np.ndarray:
    """Return event times, epoch ms."""
    return made.payments.time_ms


def test_no_faults_change_nothing(made: Made) -> None:
    """The rows stay as they are, in their order."""
    frame, arrival, repeat = disturb(made.frame, times_of(made), Faults(), DICE)

    assert made.frame.equals(frame)
    assert times_of(made).tolist() == arrival.tolist()
    assert not repeat.any()


def test_late_payments_arrive_hours_to_weeks_after(made: Made) -> None:
    """About the asked share, some of them so late that the flow marks them."""
    frame, arrival, _ = disturb(made.frame, times_of(made), Faults(late=0.02), DICE)
    behind = arrival - time_ms(frame["event_time"]).to_numpy()
    late = behind > 0
    stamped = zip(
        json_values(frame.filter(pl.Series(late)).select(TRANSACTION_COLUMNS)), arrival[late].tolist(), strict=True
    )
    very_late = sum(is_late(parse_transaction(value, stamp), stamp) for value, stamp in stamped)

    assert 0.017 < late.mean() < 0.023
    assert (np.diff(arrival) >= 0).all()
    assert 0.05 < very_late / late.sum() < 0.15


def test_out_of_order_payments_are_seconds_behind(made: Made) -> None:
    """The file's order differs from event time, by less than half a minute."""
    frame, arrival, _ = disturb(made.frame, times_of(made), Faults(out_of_order=0.1), DICE)
    event = time_ms(frame["event_time"]).to_numpy()

    assert (np.diff(event) < 0).any()
    assert 0 < (arrival - event).max() <= 20_000


def test_a_tenth_of_the_duplicates_conflict(made: Made) -> None:
    """The others repeat their original to the last field, and no original is lost."""
    frame, _, repeat = disturb(made.frame, times_of(made), Faults(duplicate=0.05), DICE)
    again = frame.filter(pl.Series(repeat)).join(made.frame, on="transaction_id", suffix="_first")
    same = again["amount"] == again["amount_first"]

    assert made.frame.equals(frame.filter(pl.Series(~repeat)))
    assert 0.04 < repeat.sum() / len(made.frame) < 0.06
    assert 0.06 < np.mean(~same.to_numpy()) < 0.14
    assert (again["event_time"] == again["event_time_first"]).all()


def test_corrupt_rows_are_rejected_and_no_others(made: Made) -> None:
    """Every broken row of a file breaks a rule of section 8; every other row is unchanged."""
    frame = spoil_rows(made.frame, Faults(corrupt=0.02), DICE).select(TRANSACTION_COLUMNS)
    ways = Faults(corrupt=0.02).spoiled(DICE, np.arange(len(frame)))
    stamp = made.plan.span.end_ms

    assert (
        made.frame.filter(pl.Series(ways == 0)).select(TRANSACTION_COLUMNS).equals(frame.filter(pl.Series(ways == 0)))
    )
    for value in json_values(frame.filter(pl.Series(ways > 0))):
        with pytest.raises(RejectedTransaction):
            parse_transaction(value, stamp)


def test_every_way_of_breaking_a_record_is_rejected(made: Made) -> None:
    """Six ways, each for another reason or detail; way 0 is sound."""
    value = json_values(made.frame.head(1).select(TRANSACTION_COLUMNS))[0]
    reasons = []
    for way in range(1, 7):
        with pytest.raises(RejectedTransaction) as caught:
            parse_transaction(spoil_value(value, way), made.plan.span.end_ms)
        reasons.append(caught.value.reason)

    assert len(set(reasons)) >= 4
    assert value == spoil_value(value, 0)


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_shares_that_cannot_be_are_refused(share: float) -> None:
    """With the option's name."""
    with pytest.raises(SimulatorError, match="--late"):
        Faults(late=share)
