"""Feature by feature: a column that the kernels fill equals the naive truth on busy lives, and is no constant there."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features import payee, payer
from features.transaction import Transaction
from features.vector import FEATURE_NAMES, PAYER_FEATURE_COUNT
from tests.features.comparing import assert_same
from tests.features.oracle import DAY, HOUR, MINUTE, NaiveAccount
from tests.features.worlds import START, verdict_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.transaction import Verdict

PAYMENTS = 400
SIDES = {"payer": payer, "payee": payee}
STEPS = (0, 1_000, MINUTE, 20 * MINUTE, 3 * HOUR, 9 * HOUR, 2 * DAY, 9 * DAY)


def busy_life(side: str, seed: int, *, debits: bool = False) -> list[Transaction | Verdict]:
    """Return one account's payments, few parties and devices, some late; a fifth is found to be fraud days later.

    `debits`: a payee pays too, after every second payment to it.
    """
    dice = random.Random(seed)
    now = START
    life: list[Transaction | Verdict] = []
    due: list[tuple[int, Verdict]] = []
    for number in range(PAYMENTS):
        now += dice.choices(STEPS, (4, 4, 6, 6, 6, 4, 2, 1))[0]
        while due and due[0][0] < now:
            life.append(due.pop(0)[1])
        time_ms = now - dice.choice((0, 0, 0, 0, 0, HOUR))
        other = f"p{dice.randrange(6)}@y"
        txn = Transaction(
            f"t{number}",
            time_ms,
            dice.choice((500, 900, 10_000, 10_000, 25_050, 99_900, 1_000_000)),
            "me@x" if side == "payer" else other,
            other if side == "payer" else "me@x",
            device_id=dice.choice((None, "d1", "d1", "d2", "d3")),
            payee_type=dice.choice((None, "PERSON", "ENTITY")),
            txn_type=dice.choice((None, "PAY", "COLLECT")),
            status=dice.choice((None, "SUCCESS", "SUCCESS", "FAILED")),
        )
        life.append(txn)
        if debits and dice.random() < 0.5:
            paid_ms = time_ms + dice.choice((0, 1_000, MINUTE, HOUR, 5 * HOUR, 30 * HOUR))
            life.append(Transaction(f"d{number}", paid_ms, dice.choice((900, 10_000, 50_000)), "me@x", "shop@y"))
        if dice.random() < 0.2:
            label_ms = time_ms + dice.choice((HOUR, DAY, 3 * DAY))
            due = sorted([*due, (label_ms, verdict_on(txn, label_ms))], key=lambda one: one[0])
    return life


@cache
def columns(side: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the naive rows and the kernels' rows of a life, read before each payment."""
    naive, state, rows = NaiveAccount(side), SIDES[side].empty(), []
    for record in busy_life(side, 11, debits=side == "payee"):
        if isinstance(record, Transaction) and side == "payee" and record.payer_vpa == "me@x":
            naive.fold_debit(record)
            state = payee.fold_debit(state, record)
        elif isinstance(record, Transaction):
            rows.append((naive.read(record), SIDES[side].read(state, record)))
            naive.fold(record)
            state = SIDES[side].fold(state, record)
        else:
            naive.fold_verdict(record)
            state = SIDES[side].fold_verdict(state, record)
    expected, actual = zip(*rows, strict=True)
    return np.array(expected), np.array(actual)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_a_feature_is_the_naive_truth_and_varies(name: str) -> None:
    """In every one of 400 rows; a feature that never moves here would be tested by nothing."""
    at = FEATURE_NAMES.index(name)
    side, place = ("payer", at) if at < PAYER_FEATURE_COUNT else ("payee", at - PAYER_FEATURE_COUNT)
    expected, actual = columns(side)
    for want, got in zip(expected, actual, strict=True):
        blank = want.copy()
        blank[place] = got[place]
        assert_same(side, want.tolist(), blank.tolist())

    known = expected[~np.isnan(expected[:, place]), place]
    assert len(np.unique(known)) >= 2
