"""A repeat is known among the newest 256 payments that came, and told from a conflict by its content."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payer
from features.side import Seen
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import START, payment


def live(count: int, step_ms: int = HOUR) -> bytes:
    """Return a payer after `count` payments t0, t1, ..."""
    state = payer.empty()
    for number in range(count):
        state = payer.fold(state, payment(number, START + number * step_ms))
    return state


def test_a_new_id_is_new() -> None:
    """Also for an account without any past."""
    assert payer.seen_before(payer.empty(), payment(1)) is Seen.NEW
    assert payer.seen_before(live(3), payment(4, START + 3 * HOUR)) is Seen.NEW


def test_the_same_content_is_the_same() -> None:
    """Each of the newest 256 is known, however many came before."""
    state = live(300)
    found = [payer.seen_before(state, payment(number, START + number * HOUR)) for number in range(300)]

    assert found == [Seen.NEW] * 44 + [Seen.SAME] * 256


CHANGES = {
    "event_time_ms": START + HOUR + 1,
    "amount_paise": 50_001,
    "payee_vpa": "other@y",
    "device_id": "dev9",
    "payee_type": "ENTITY",
    "mcc": "5411",
    "initiation_mode": "QR",
    "txn_type": "COLLECT",
    "status": "FAILED",
    "ip": "10.0.0.1",
    "location": "Pune",
    "app": "gpay",
}


@pytest.mark.parametrize("field", CHANGES)
def test_any_other_content_is_a_conflict(field: str) -> None:
    """One field that differs is enough."""
    changed = msgspec.structs.replace(payment(1, START + HOUR), **{field: CHANGES[field]})

    assert payer.seen_before(live(3), changed) is Seen.CONFLICT


def test_a_repeat_of_a_payment_that_came_late_is_known() -> None:
    """What counts is the order of arrival: a full ring, a payment older than all of it, and its repeat."""
    state, late = live(256), payment(900, START - HOUR)
    state = payer.fold(state, late)

    assert payer.seen_before(state, late) is Seen.SAME


def test_after_31_days_of_silence_ids_are_forgotten() -> None:
    """An account that reads as a stub knows no repeats, whether or not a sweep came by."""
    state = live(3)
    last = START + 2 * HOUR

    assert payer.seen_before(state, payment(1, last + 31 * DAY)) is Seen.CONFLICT
    assert payer.seen_before(state, payment(1, last + 31 * DAY + 1)) is Seen.NEW


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=64), min_size=1, max_size=60, unique=True), st.data())
def test_any_id_is_found_again(ids: list[str], data: st.DataObject) -> None:
    """Whatever the ids look like, those that came are known and no other is."""
    split = data.draw(st.integers(1, len(ids)))
    state = payer.empty()
    for name in ids[:split]:
        state = payer.fold(state, msgspec.structs.replace(payment(), transaction_id=name))
    found = [payer.seen_before(state, msgspec.structs.replace(payment(), transaction_id=name)) for name in ids]

    assert found == [Seen.SAME] * split + [Seen.NEW] * (len(ids) - split)
