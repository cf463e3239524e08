"""Every feature of both sides against a list that is scanned from end to end: the same numbers, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payee, payer
from features.transaction import Verdict
from features.vector import PAYER_FEATURE_COUNT, WINDOWS, feature_index
from tests.features.comparing import assert_same
from tests.features.oracle import DAY, HOUR, NaiveAccount
from tests.features.oracle import WINDOWS as WINDOWS_MS
from tests.features.worlds import START, judged_lives, payment

if TYPE_CHECKING:
    from types import ModuleType

    from features.transaction import Transaction

SIDES: dict[str, ModuleType] = {"payer": payer, "payee": payee}


def follow(side: str, life: list[Transaction | Verdict]) -> None:
    """Live through payments and verdicts in both forms and compare before each payment."""
    module, state, naive = SIDES[side], SIDES[side].empty(), NaiveAccount(side)
    for record in life:
        if isinstance(record, Verdict):
            state = module.fold_verdict(state, record)
            naive.fold_verdict(record)
            continue
        if side == "payee" and record.payer_vpa == "me@x":
            state = module.fold_debit(state, record)
            naive.fold_debit(record)
            continue
        assert_same(side, naive.read(record), module.read(state, record))
        state = module.fold(state, record)
        naive.fold(record)


@settings(max_examples=60, deadline=None)
@given(judged_lives("payer"))
def test_a_payer_reads_what_the_naive_list_says(life: list[Transaction | Verdict]) -> None:
    """Out of order, at equal times, on every boundary, after long silences."""
    follow("payer", life)


@settings(max_examples=60, deadline=None)
@given(judged_lives("payee", debits=True))
def test_a_payee_reads_what_the_naive_list_says(life: list[Transaction | Verdict]) -> None:
    """Out of order, at equal times, on every boundary, after long silences."""
    follow("payee", life)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["payer", "payee"]))
def test_256_payments_in_a_day_are_exact(seed: int, side: str) -> None:
    """The ring holds just so many, shuffled within an hour and with hundreds of parties."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, DAY - 2 * HOUR, 256)) + rng.integers(0, HOUR, 256)
    other = "payee_vpa" if side == "payer" else "payer_vpa"
    life = [
        payment(number, START + int(time), int(rng.integers(1, 10**9)), **{other: f"p{rng.integers(0, 300)}@y"})
        for number, time in enumerate(times)
    ]
    module, state, naive = SIDES[side], SIDES[side].empty(), NaiveAccount(side)
    for txn in life:
        state = module.fold(state, txn)
        naive.fold(txn)
    for time_ms in (START + DAY - HOUR, START + DAY, START + 8 * DAY, START + HOUR, START + 12 * HOUR):
        probe = payment(999, time_ms, **{other: "p7@y"})
        assert_same(side, naive.read(probe), module.read(state, probe))


@pytest.mark.parametrize(("window", "width"), list(zip(WINDOWS, WINDOWS_MS, strict=True)))
def test_a_window_holds_its_start_and_not_its_end(window: str, width: int) -> None:
    """Both edges, to the millisecond, on both sides.

    ```
          T - w                    T
            [----------------------)
          x ^ first in             ^ not in
    ```
    """
    start = START - width
    for side, module in SIDES.items():
        state = module.empty()
        for number, time_ms in enumerate((start - 1, start, START - 1, START)):
            state = module.fold(state, payment(number, time_ms, 100 * 10**number))
        row = module.read(state, payment(9))
        offset = 0 if side == "payer" else PAYER_FEATURE_COUNT

        assert row[feature_index(f"{side}_txn_count_{window}") - offset] == 2
        assert row[feature_index(f"{side}_amount_sum_{window}") - offset] == 10 + 100


def test_a_payment_out_of_order_counts_where_it_belongs() -> None:
    """A payment that comes last but lies before the others is seen by who reads between them.

    ```
    arrival      2   1      read here
    time    -----x---x---------^
                 later arrival, earlier time
    ```
    """
    state = payer.fold(payer.empty(), payment(1, START))
    state = payer.fold(state, payment(2, START - HOUR, 70_000))

    between = payer.read(state, payment(3, START - 1))

    assert between[feature_index("payer_txn_count_24h")] == 1
    assert between[feature_index("payer_amount_sum_24h")] == 700.0


def test_equal_times_do_not_see_each_other() -> None:
    """Whatever came before at the same millisecond is not strictly before."""
    state = payer.empty()
    for number in range(5):
        row = payer.read(state, payment(number))
        assert row[feature_index("payer_txn_count_30d")] == 0
        state = payer.fold(state, payment(number))


def test_reading_changes_nothing() -> None:
    """The same state reads the same again and encodes the same."""
    for module in SIDES.values():
        state, again = module.empty(), module.empty()
        for number in range(300):
            txn = payment(number, START + number * 1000, payee_vpa=f"p{number}@y", payer_vpa=f"q{number}@y")
            state, again = module.fold(state, txn), module.fold(again, txn)
        probe = payment(999, START + HOUR)
        first = module.read(state, probe)

        assert first == pytest.approx(module.read(state, probe), rel=0, abs=0, nan_ok=True)
        assert state == again
