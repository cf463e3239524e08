"""A state's bytes: canonical, within 8 KiB whatever the account does, and refused where they are no state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import payee, payer
from features.errors import StateCodecError
from features.layout import CELLS, COUNT, OUT_SUM, OVERFLOWS, PENDING, PENDING_COUNT, ROWS
from features.packing import STATE_BYTES_MAX, bytes_max, pack, unpack
from features.transaction import Transaction, Verdict
from tests.features.accounts import SHAPES, SIDES, opened
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import START, payment

if TYPE_CHECKING:
    from types import ModuleType

MODULES: dict[str, ModuleType] = {"payer": payer, "payee": payee}


def extreme(side: str, count: int, large: int, parties: int, step_ms: int = HOUR) -> bytes:
    """Return an account with the given number of payments, devices without end and many verdicts."""
    module, other = MODULES[side], "payee_vpa" if side == "payer" else "payer_vpa"
    state: bytes = module.empty()
    for number in range(count):
        fields = {other: f"p{number % parties}@y", "device_id": f"d{number}"}
        state = module.fold(state, payment(number, START + number * step_ms, 1 + number % 9000 + large, **fields))
        if number % 50 == 0:
            label_time_ms = START + number * step_ms
            verdict = Verdict(f"t{number}", START, 100, "a@x", "b@y", True, label_time_ms, "bank")
            state = module.fold_verdict(state, verdict)
        if side == "payee":
            state = module.fold_debit(state, payment(number, START + number * step_ms + 1, 1 + large))
    return state


def packed(side: str, account: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bytes:
    """Return an account's bytes."""
    shape = SHAPES[side][0]
    data = np.zeros(2 * STATE_BYTES_MAX, np.uint8)
    return data[: pack(account, shape, data, 0)].tobytes()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
def test_bytes_hold_all_of_an_account(side: str, count: int) -> None:
    """Opened and packed again they are the same, with and without an overflow, for small and large amounts."""
    for large in (0, 2**39):
        state = extreme(side, count, large, parties=400)

        assert state == b"" or packed(side, opened(side, state)) == state


@pytest.mark.parametrize("side", SIDES)
def test_a_state_never_exceeds_8_kib(side: str) -> None:
    """All at once: a full ring of large amounts to different parties, all devices, verdicts and sketch rows."""
    shape = SHAPES[side][0]
    for step_ms in (0, 1, 86, 60_000, HOUR):
        account = opened(side, extreme(side, 3000, 10**11, 10**6, step_ms))
        cells = shape[0] * shape[1]
        account[ROWS], account[PENDING_COUNT] = shape[0], cells
        account[CELLS : CELLS + cells] = (1 << 16) - 1
        account[PENDING : PENDING + cells] = np.arange(cells)
        data = packed(side, account)
        again = account.copy()

        assert account[OVERFLOWS] == 1
        assert len(data) <= bytes_max(shape, SIDES[side].verdicts, has_keys=side == "payer") <= STATE_BYTES_MAX
        assert unpack(np.frombuffer(data, np.uint8), 0, len(data), shape, again)
        assert packed(side, again) == data


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), side=st.sampled_from(["payer", "payee"]))
def test_any_behaviour_stays_within_8_kib(seed: int, side: str) -> None:
    """Random paces, amounts, parties, devices, lateness."""
    rng = np.random.default_rng(seed)
    module, state, time_ms = MODULES[side], MODULES[side].empty(), START
    pace = int(rng.choice([1, 1000, HOUR, DAY]))
    for number in range(1500):
        time_ms += int(rng.integers(0, pace + 1))
        late = int(rng.integers(0, 50 * DAY)) if rng.random() < 0.05 else 0
        parties = {"payer_vpa": f"p{rng.integers(0, 2000)}@x", "payee_vpa": f"q{rng.integers(0, 2000)}@y"}
        amount = int(10 ** rng.uniform(0, 12))
        txn = Transaction(f"t{number}", time_ms - late, amount, device_id=f"d{rng.integers(0, 40)}", **parties)
        state = module.fold(state, txn)
        assert len(state) <= STATE_BYTES_MAX
    assert packed(side, opened(side, state)) == state


@pytest.mark.parametrize("side", SIDES)
def test_cut_damaged_and_unknown_bytes_are_refused(side: str) -> None:
    """The message says what was needed and what to do; no bytes at all are an account never seen."""
    for state in (extreme(side, 5, 0, 9), extreme(side, 300, 0, 400)):
        for bad in (b"\x00", b"\x63" + state[1:], state[:-1], state[:20], state + b"\x00", state[: len(state) // 2]):
            with pytest.raises(StateCodecError, match=r"needed a pay.. state of version 4"):
                MODULES[side].read(bad, payment())
    assert opened(side, b"")[COUNT] == 0


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["payer", "payee"]))
def test_garbage_is_refused_and_never_breaks(data: bytes, side: str) -> None:
    """Any bytes either open or raise StateCodecError."""
    for prefix in (b"", b"\x04\x00", b"\x04\x01", b"\x04\x01\x00\x00\x00\x00\x00\x00\x00"):
        try:
            MODULES[side].read(prefix + data, payment())
        except StateCodecError:
            continue


@pytest.mark.parametrize("side", SIDES)
def test_sums_beyond_64_bits_come_back(side: str) -> None:
    """Counters run modulo 2^64."""
    account = opened(side, extreme(side, 300, 0, 400))
    account[OUT_SUM] = -5

    assert packed(side, opened(side, packed(side, account))) == packed(side, account)
