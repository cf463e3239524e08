"""A state's bytes: they bring the same state back, stay within 8 KiB, and refuse what they did not write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payee, payer
from features.errors import StateCodecError
from features.transaction import Transaction, Verdict
from tables import payee_codec, payer_codec
from tables.account_codec import STATE_BYTES_MAX
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import START, lives, payment

if TYPE_CHECKING:
    from types import ModuleType

SIDES: dict[str, tuple[ModuleType, ModuleType]] = {"payer": (payer, payer_codec), "payee": (payee, payee_codec)}


@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_bytes_bring_the_same_state_back(side: str, data: st.DataObject) -> None:
    """After any life, through bytes at any moment: the same state, the same bytes, the same rows."""
    module, codec = SIDES[side]
    kept, stored = module.empty(), module.empty()
    for txn in data.draw(lives(side, most=25)):
        if data.draw(st.booleans()):
            stored = codec.decode(codec.encode(stored))
        np.testing.assert_array_equal(module.read(kept, txn), module.read(stored, txn))
        kept, stored = module.fold(kept, txn), module.fold(stored, txn)
        assert codec.encode(kept) == codec.encode(stored)
    assert codec.decode(codec.encode(kept)) == kept


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 130, 255, 256, 257, 1000])
def test_every_size_comes_back(side: str, count: int) -> None:
    """Wide and narrow layouts, with and without an overflow, small and large amounts; then life goes on alike."""
    module, codec = SIDES[side]
    for large in (0, 2**33):
        state = extreme(side, count, large, parties=400)
        again = codec.decode(codec.encode(state))

        assert again == state
        probe = payment(10**6, START + count * HOUR + 1, 3000)
        np.testing.assert_array_equal(module.read(again, probe), module.read(state, probe))
        state, again = module.fold(state, probe), module.fold(again, probe)
        assert codec.encode(state) == codec.encode(again)


def extreme(side: str, count: int, large: int, parties: int, step_ms: int = HOUR) -> Any:
    """Return an account with the given number of payments, devices without end and many verdicts."""
    module, other = SIDES[side][0], "payee_vpa" if side == "payer" else "payer_vpa"
    state = module.empty()
    for number in range(count):
        fields = {other: f"p{number % parties}@y", "device_id": f"d{number}"}
        state = module.fold(state, payment(number, START + number * step_ms, 1 + number % 9000 + large, **fields))
        if number % 50 == 0:
            label_time_ms = START + number * step_ms
            verdict = Verdict(f"t{number}", START, 100, "a@x", "b@y", True, label_time_ms, "bank")
            state = module.fold_verdict(state, verdict)
    return state


@pytest.mark.parametrize("side", SIDES)
def test_a_state_never_exceeds_8_kib(side: str) -> None:
    """All at once: a full ring of large amounts to different parties, all devices, verdicts and sketch rows."""
    codec = SIDES[side][1]
    for step_ms in (0, 1, 86, 60_000, HOUR):
        state = extreme(side, 3000, 10**11, 10**6, step_ms)
        overflow = state.overflow
        if overflow is not None:
            sketch = overflow.sketch
            sketch.cells = type(sketch.cells)("H", [1] * sketch.rows_max * sketch.columns)
            sketch.pending = (1 << (sketch.rows_max * sketch.columns)) - 1
        data = codec.encode(state)

        assert overflow is not None
        assert len(data) <= STATE_BYTES_MAX
        assert codec.decode(data) == state


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), side=st.sampled_from(["payer", "payee"]))
def test_any_behaviour_stays_within_8_kib(seed: int, side: str) -> None:
    """Random paces, amounts, parties, devices, lateness."""
    rng = np.random.default_rng(seed)
    module, codec = SIDES[side]
    state, time_ms = module.empty(), START
    pace = int(rng.choice([1, 1000, HOUR, DAY]))
    for number in range(1500):
        time_ms += int(rng.integers(0, pace + 1))
        late = int(rng.integers(0, 50 * DAY)) if rng.random() < 0.05 else 0
        parties = {"payer_vpa": f"p{rng.integers(0, 2000)}@x", "payee_vpa": f"q{rng.integers(0, 2000)}@y"}
        amount = int(10 ** rng.uniform(0, 12))
        txn = Transaction(f"t{number}", time_ms - late, amount, device_id=f"d{rng.integers(0, 40)}", **parties)
        state = module.fold(state, txn)
        if number % 97 == 0:
            data = codec.encode(state)
            assert len(data) <= STATE_BYTES_MAX
            assert codec.decode(data) == state


@pytest.mark.parametrize("side", SIDES)
def test_cut_damaged_and_unknown_bytes_are_refused(side: str) -> None:
    """The message says what was needed and what to do."""
    codec = SIDES[side][1]
    for state in (extreme(side, 5, 0, 9), extreme(side, 300, 0, 400)):
        good = codec.encode(state)
        for bad in (b"", b"\x00", b"\x63" + good[1:], good[:-1], good[:50], good + b"\x00", good[: len(good) // 2]):
            with pytest.raises(StateCodecError):
                codec.decode(bad)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_garbage_is_refused_and_never_breaks(data: bytes) -> None:
    """Any bytes either decode or raise StateCodecError."""
    for prefix in (b"", b"\x01\x00", b"\x01\x07"):
        try:
            payer_codec.decode(prefix + data)
        except StateCodecError:
            continue
