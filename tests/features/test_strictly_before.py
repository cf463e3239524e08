"""Nothing at or after T reaches a feature at T, however it is planted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payee, payer
from features.transaction import Transaction, Verdict
from features.vector import PAYER_FEATURE_COUNT, feature_index
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import OUT_OF_ORDER_MAX, START, lives, payment

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

SIDES: dict[str, ModuleType] = {"payer": payer, "payee": payee}


def live(side: str, life: list[Transaction]) -> Any:
    """Fold a life from nothing."""
    module = SIDES[side]
    state = module.empty()
    for txn in life:
        state = module.fold(state, txn)
    return state


def same(one: list[float], other: list[float]) -> bool:
    """Compare rows where NaN equals NaN."""
    return all(left == right or (left != left and right != right) for left, right in zip(one, other, strict=True))  # noqa: PLR0124


def _later(txn: Transaction) -> Transaction:
    return msgspec.structs.replace(txn, event_time_ms=txn.event_time_ms + HOUR)


CHANGES: dict[str, Callable[[Transaction], list[Transaction]]] = {
    "dropped": lambda _: [],
    "doubled": lambda txn: [txn, msgspec.structs.replace(txn, transaction_id=txn.transaction_id + "x")],
    "made huge": lambda txn: [msgspec.structs.replace(txn, amount_paise=10**12)],
    "made tiny": lambda txn: [msgspec.structs.replace(txn, amount_paise=1)],
    "to another payee": lambda txn: [msgspec.structs.replace(txn, payee_vpa="zz@y")],
    "from another payer": lambda txn: [msgspec.structs.replace(txn, payer_vpa="zz@x")],
    "from another device": lambda txn: [msgspec.structs.replace(txn, device_id="stolen")],
    "made to fail": lambda txn: [msgspec.structs.replace(txn, status="FAILED")],
    "moved later": lambda txn: [_later(txn)],
    "of another type": lambda txn: [msgspec.structs.replace(txn, payee_type="ENTITY", txn_type="COLLECT")],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_happens_at_or_after_t_is_not_seen_at_t(side: str, change: str, data: st.DataObject) -> None:
    """Change everything at or after T in one of ten ways: each feature at T stays the same."""
    life = data.draw(lives(side, most=20))
    newest = max(txn.event_time_ms for txn in life)
    behind = st.one_of(st.sampled_from([-1, 0, 1, HOUR]), st.integers(0, OUT_OF_ORDER_MAX - HOUR))
    time_ms = newest - data.draw(behind)
    changed = [new for txn in life for new in ([txn] if txn.event_time_ms < time_ms else CHANGES[change](txn))]
    probe = msgspec.structs.replace(life[-1], transaction_id="probe", event_time_ms=time_ms)

    assert same(SIDES[side].read(live(side, life), probe), SIDES[side].read(live(side, changed), probe))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_payments_of_one_instant_may_come_to_a_payee_in_any_order(data: st.DataObject) -> None:
    """What comes through several partitions at one millisecond comes in any order: no feature after it can tell."""
    amounts = st.one_of(st.integers(1, 10**7), st.integers(1, 10**12))
    count = data.draw(st.integers(2, 100))
    drawn = data.draw(st.lists(amounts, min_size=count, max_size=count))
    life = [
        payment(number, START - number % 7, amount, payer_vpa=f"p{amount % 40}@x")
        for number, amount in enumerate(drawn)
    ]
    in_order = sorted(life, key=lambda txn: txn.event_time_ms)
    other = sorted(data.draw(st.permutations(life)), key=lambda txn: txn.event_time_ms)
    probe = payment(count, START + HOUR)

    assert same(payee.read(live("payee", in_order), probe), payee.read(live("payee", other), probe))


@pytest.mark.parametrize("side", SIDES)
def test_a_crowd_at_one_instant_does_not_see_itself(side: str) -> None:
    """Thousands of payments at one millisecond push the past out of the ring; none of them counts at that instant."""
    module, other = SIDES[side], "payee_vpa" if side == "payer" else "payer_vpa"
    state = module.empty()
    for number in range(100):
        state = module.fold(state, payment(number, START - DAY // 2 + number, **{other: f"p{number}@y"}))
    for number in range(2000):
        row = module.read(state, payment(number + 100, **{other: f"q{number}@y"}))
        offset = 5 if side == "payer" else 0
        assert row[offset + 2] == pytest.approx(100, abs=1)
        assert row[offset + 1] == 0
        assert row[offset + 12] == pytest.approx(100, rel=0.3 if number > 156 else 0)
        state = module.fold(state, payment(number + 100, **{other: f"q{number}@y"}))


def test_a_verdict_is_not_known_before_its_label_time() -> None:
    """A fraud verdict on yesterday's payment, labelled at noon, is seen by a payment after noon only."""
    verdict = Verdict("t1", START - DAY, 100, "me@x", "shop@y", is_fraud=True, label_time_ms=START, source="bank")
    for module in SIDES.values():
        state = module.fold_verdict(module.fold(module.empty(), payment(1, START - DAY)), verdict)
        counts = [verdicts_of(module, module.read(state, payment(2, START + shift))) for shift in (-1, 0, 1)]

        assert counts == [0, 0, 1]


def verdicts_of(module: ModuleType, row: list[float]) -> float:
    """Return the fraud verdict count of a side's row."""
    name = "payer_fraud_verdicts_30d" if module is payer else "payee_fraud_verdicts_30d"
    return row[feature_index(name) - (0 if module is payer else PAYER_FEATURE_COUNT)]
