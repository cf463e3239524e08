"""What a payee does with what it is paid: which of its own payments count, and that the idle ones change nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest

from features import payee, side
from features.events import KIND, PAYMENT, debit_event, payment_event, to_events
from features.hashing import party_hash
from features.idle import without_idle_debits
from features.layout import DEBITS_MAX
from features.payee import PAYEES
from features.vector import PAYER_FEATURE_COUNT, feature_index
from tests.features.oracle import DAY, HOUR, MINUTE
from tests.features.worlds import START, payment


def mule(*debits: tuple[int, int], paid: int = 100_000) -> bytes:
    """Return an account that was paid at START, and paid (time after START, paise) itself."""
    state = payee.fold(payee.empty(), payment(0, START, paid, payee_vpa="me@x"))
    for number, (after_ms, paise) in enumerate(debits):
        state = payee.fold_debit(state, payment(number + 1, START + after_ms, paise))
    return state


def read(state: bytes, after_ms: int, name: str) -> float:
    """Read one feature of a payment to the account at a time after START."""
    row = payee.read(state, payment(99, START + after_ms, payee_vpa="me@x"))
    return row[feature_index(name) - PAYER_FEATURE_COUNT]


def test_what_goes_out_is_measured_by_what_came_in() -> None:
    """Half within minutes, a quarter hours later; the shortest stay is that of the first.

    ```
      1000 in      500 out          250 out        read
         |-- 5 min --|---- 4 h -------|-------------T
    ```
    """
    state = mule((5 * MINUTE, 50_000), (4 * HOUR, 25_000))

    assert read(state, 6 * HOUR, "payee_debit_count_24h") == 2
    assert read(state, 6 * HOUR, "payee_passed_on_share_24h") == 0.75
    assert read(state, 6 * HOUR, "payee_passed_on_share_7d") == 0.75
    assert read(state, 6 * HOUR, "payee_passed_on_quick_share_7d") == 0.5
    assert read(state, 6 * HOUR, "payee_shortest_stay_7d") == 300
    assert read(state, 6 * HOUR, "payee_passed_on_since_last") == 0.75


@pytest.mark.parametrize(("after_ms", "counts"), [(0, 0), (1, 1), (DAY, 1), (DAY + 1, 0)])
def test_a_payment_counts_within_a_day_of_being_paid(after_ms: int, counts: int) -> None:
    """Not at the same instant, which may have been before; not more than 24 hours later."""
    assert read(mule((after_ms, 500)), 2 * DAY, "payee_passed_on_share_7d") == 0.005 * counts


@pytest.mark.parametrize(("at_ms", "counts"), [(HOUR, 0), (HOUR + 1, 1), (HOUR + DAY, 1), (HOUR + DAY + 1, 0)])
def test_a_payment_is_seen_strictly_after_it_and_for_a_day(at_ms: int, counts: int) -> None:
    """Both edges, to the millisecond."""
    assert read(mule((HOUR, 500)), at_ms, "payee_debit_count_24h") == counts


def test_an_account_that_was_never_paid_keeps_nothing() -> None:
    """Its payments leave no byte."""
    assert payee.fold_debit(payee.empty(), payment(1)) == b""


def test_the_newest_32_are_kept_whatever_order_they_come_in() -> None:
    """An older one that comes late goes, and so does the oldest for a newer one."""
    times = list(range(1, DEBITS_MAX + 9))
    random.Random(3).shuffle(times)
    state = mule(*((minute * MINUTE, minute) for minute in times), paid=100)

    assert read(state, 2 * HOUR, "payee_debit_count_24h") == DEBITS_MAX
    assert read(state, 2 * HOUR, "payee_passed_on_share_24h") == sum(sorted(times)[-DEBITS_MAX:]) / 100


def test_a_silent_account_forgets_its_payments() -> None:
    """With its ring, when nothing looks back so far."""
    state = payee.shrink(mule((HOUR, 500)), START + 50 * DAY)

    assert len(state) == len(payee.shrink(mule(), START + 50 * DAY))


@pytest.mark.parametrize("seed", range(8))
def test_idle_debits_are_left_out_and_change_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part without them gives the rows and states of the part with all, and does leave some out."""
    dice = random.Random(seed)
    accounts, events, now_ms = 12, [], START
    for number in range(60):
        now_ms += dice.choice((0, MINUTE, 3 * HOUR, 9 * HOUR))
        account, time_ms = dice.randrange(accounts), now_ms - dice.choice((0, 0, 0, 2 * DAY))
        if number < 10 or dice.random() < 0.1:
            txn = payment(number, time_ms, dice.randrange(1, 10**6))
            events.append(payment_event(txn, account, party_hash(f"p{dice.randrange(4)}@x")))
        else:
            events.append(debit_event(payment(number, time_ms, dice.randrange(1, 10**6)), account))
    first, rest = to_events(events[:20]), to_events(events[20:])
    known = PAYEES.process([b""] * accounts, first)
    kept = without_idle_debits(known.states, rest)
    some = PAYEES.process(known.states, rest, known.watermark_ms)
    monkeypatch.setattr(side, "without_idle_debits", lambda _states, _events: None)
    everything = PAYEES.process(known.states, rest, known.watermark_ms)
    payments = rest[:, KIND] == PAYMENT

    assert kept is not None
    assert not kept.all()
    assert kept[payments].all()
    assert everything.states == some.states
    assert everything.watermark_ms == some.watermark_ms
    np.testing.assert_array_equal(everything.rows[payments], some.rows[payments])
