"""Devices: new if no payment of the last 30 days was made from it; up to 15 are told apart."""

from __future__ import annotations

from math import isnan

from features import payer
from features.vector import feature_index
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import START, payment

IS_NEW, COUNT = feature_index("device_is_new"), feature_index("payer_devices_30d")


def live(*devices: str | None) -> bytes:
    """Return a payer that paid once an hour, from one device after another."""
    state = payer.empty()
    for number, device_id in enumerate(devices):
        state = payer.fold(state, payment(number, START + number * HOUR, device_id=device_id))
    return state


def read(state: bytes, device_id: str | None, time_ms: int = START + 99 * HOUR) -> tuple[float, float]:
    """Return whether the device is new and how many there are."""
    row = payer.read(state, payment(999, time_ms, device_id=device_id))
    return row[IS_NEW], row[COUNT]


def test_a_device_is_new_until_it_paid() -> None:
    """And how many devices there were is told with it."""
    state = live("phone", "phone", "tablet")

    assert read(state, "phone") == (0, 2)
    assert read(state, "thief") == (1, 2)


def test_without_devices_nothing_is_known() -> None:
    """No device given now, or none ever, is not a new device."""
    is_new, count = read(live("phone"), None)
    assert isnan(is_new)
    assert count == 1
    assert all(isnan(value) for value in read(live(None, None), "phone"))
    assert all(isnan(value) for value in read(payer.empty(), "phone"))


def test_a_device_is_forgotten_after_30_days() -> None:
    """It is new again when another paid within that time."""
    state = payer.fold(live("old"), payment(9, START + 29 * DAY, device_id="phone"))

    assert read(state, "old", START + 30 * DAY) == (0, 2)
    assert read(state, "old", START + 30 * DAY + 1) == (1, 1)


def test_beyond_15_the_longest_unused_goes() -> None:
    """A device farm costs no more memory; the newest 15 are known."""
    state = live(*(f"d{number}" for number in range(40)))
    known = [read(state, f"d{number}")[0] == 0 for number in range(40)]

    assert known == [False] * 25 + [True] * 15
    assert read(state, "d39")[1] == 15
