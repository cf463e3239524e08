"""After 31 days an account reads as a stub, after 400 as absent, and no answer tells whether a sweep came by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payee, payer
from features.layout import COUNT, DEVICE_COUNT, FIRST_MS, LAST_MS, OVERFLOWS, VERDICT_COUNT
from features.transaction import Transaction, Verdict
from features.vector import FEATURE_NAMES, PAYER_FEATURE_COUNT
from tests.features.accounts import opened
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import OUT_OF_ORDER_MAX, START, lives, payment

if TYPE_CHECKING:
    from types import ModuleType

SIDES: dict[str, ModuleType] = {"payer": payer, "payee": payee}
#: The bytes of an account that was seen and holds nothing any more.
NOTHING = payee.shrink(payee.empty(), START)


def named(side: str, row: list[float]) -> dict[str, float | None]:
    """Return a side's row by name, with None for NaN so that rows compare."""
    names = FEATURE_NAMES[:PAYER_FEATURE_COUNT] if side == "payer" else FEATURE_NAMES[PAYER_FEATURE_COUNT:]
    return {name: None if value != value else value for name, value in zip(names, row, strict=True)}  # noqa: PLR0124


def busy(module: ModuleType, count: int = 300) -> Any:
    """Return an account with a full ring, an overflow, devices and a verdict."""
    state = module.empty()
    for number in range(count):
        parties = {"payer_vpa": f"p{number}@x", "payee_vpa": f"q{number}@y", "device_id": f"d{number % 3}"}
        state = module.fold(state, payment(number, START - (count - 1 - number) * HOUR, **parties))
    verdict = Verdict("t1", START, 100, "p1@x", "q1@y", is_fraud=True, label_time_ms=START + 20 * DAY, source="bank")
    return module.fold_verdict(state, verdict)


@pytest.mark.parametrize("side", SIDES)
def test_after_31_days_only_a_stub_is_read(side: str) -> None:
    """The ages and the verdicts are known, and nothing else of the past."""
    module = SIDES[side]
    probe = payment(999, START + 31 * DAY + 1, device_id="d1")
    nothing = named(side, module.read(module.empty(), probe))
    stub = named(side, module.read(busy(module), probe))

    changed = {name for name in stub if stub[name] != nothing[name]}
    assert changed == {f"{side}_seconds_since_last", f"{side}_age_days", f"{side}_fraud_verdicts_30d"}
    assert stub[f"{side}_seconds_since_last"] == (31 * DAY + 1) / 1000


@pytest.mark.parametrize("side", SIDES)
def test_after_400_days_the_account_is_absent(side: str) -> None:
    """At 400 days it is a stub, a millisecond later it was never there, and folding starts anew."""
    module, state = SIDES[side], busy(SIDES[side])
    at_limit = named(side, module.read(state, payment(999, START + 400 * DAY)))
    beyond = payment(999, START + 400 * DAY + 1)

    assert at_limit[f"{side}_age_days"] is not None
    assert named(side, module.read(state, beyond)) == named(side, module.read(module.empty(), beyond))
    assert module.fold(state, beyond) == module.fold(module.empty(), beyond)


@pytest.mark.parametrize("side", SIDES)
def test_shrinking_gives_the_memory_back(side: str) -> None:
    """First nothing, then all but the stub, then everything."""
    module = SIDES[side]
    kept, stub, gone = (module.shrink(busy(module), START + days * DAY) for days in (45, 47, 416))

    assert kept == busy(module)
    account = opened(side, stub)
    assert (account[COUNT], account[OVERFLOWS], account[DEVICE_COUNT]) == (0, 0, 0)
    assert (account[FIRST_MS], account[LAST_MS], account[VERDICT_COUNT]) == (START - 299 * HOUR, START, 1)
    assert gone == NOTHING


def test_an_account_with_verdicts_only_vanishes_when_they_cannot_be_read() -> None:
    """A verdict on a payment never seen here counts for 30 days and is then given up."""
    verdict = Verdict("t1", START, 100, "a@x", "b@y", is_fraud=True, label_time_ms=START, source="bank")
    state = payee.fold_verdict(payee.empty(), verdict)

    assert payee.shrink(payee.fold_verdict(payee.empty(), verdict), START + 40 * DAY) == state
    assert payee.shrink(state, START + 47 * DAY) == NOTHING


_silences = st.sampled_from([31, 45, 46, 47, 60, 400, 415, 416, 500])
_gaps = st.one_of(st.integers(0, 2 * DAY), _silences.map(lambda days: days * DAY))


@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_answer_tells_whether_a_sweep_came_by(side: str, data: st.DataObject) -> None:
    """Sweep at any moments, or never: every row and every repeat is the same, for payments up to 15 days late."""
    module = SIDES[side]
    swept, unswept, clock = module.empty(), module.empty(), START
    for number, txn in enumerate(data.draw(lives(side, most=15))):
        clock += data.draw(_gaps)
        late = data.draw(st.sampled_from([0, 0, 0, 1, HOUR, OUT_OF_ORDER_MAX]))
        came = msgspec.structs.replace(txn, event_time_ms=clock - late)
        if data.draw(st.booleans()):
            swept = module.shrink(swept, clock)
        assert named(side, module.read(swept, came)) == named(side, module.read(unswept, came))
        assert_same_repeats(side, swept, unswept, came)
        swept, unswept = module.fold(swept, came), module.fold(unswept, came)
        if data.draw(st.integers(0, 3)) == 0:
            verdict = Verdict(f"t{number}", clock, 100, came.payer_vpa, came.payee_vpa, True, clock, "bank")
            swept, unswept = module.fold_verdict(swept, verdict), module.fold_verdict(unswept, verdict)


def assert_same_repeats(
    side: str,
    swept: Any,
    unswept: Any,
    came: Transaction,
) -> None:
    """Judge a repeat of an earlier id at this moment alike."""
    if side == "payer":
        repeat = msgspec.structs.replace(came, transaction_id="t0")
        assert payer.seen_before(swept, repeat) is payer.seen_before(unswept, repeat)
