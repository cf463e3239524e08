"""The devices an account pays from: up to 15 hashes, and in the upper half of each payment's flags its index.

Index 0 is "not given". A device is known while a payment from it is in the ring, so there is no other memory to expire.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from features.account import DEVICE_SHIFT, DEVICES_MAX
from features.hashing import party_hash

if TYPE_CHECKING:
    from array import array

    from features.account import AccountState

_TO_DEVICE = bytes(flags >> DEVICE_SHIFT for flags in range(256))
_FLAGS_MASK = (1 << DEVICE_SHIFT) - 1


def take_device(state: AccountState, devices: array[int], device_id: str) -> int:
    """Return the device's index from 1, giving it one if it has none: a free one, else the longest unused."""
    device = party_hash(device_id)
    for index, known in enumerate(devices, 1):
        if known == device:
            return index
    if len(devices) < DEVICES_MAX:
        devices.append(device)
        return len(devices)
    used = state.flags.translate(_TO_DEVICE)
    index = min(range(1, DEVICES_MAX + 1), key=used.rfind)
    for at, flags in enumerate(state.flags):
        if flags >> DEVICE_SHIFT == index:
            state.flags[at] = flags & _FLAGS_MASK
    devices[index - 1] = device
    return index


def read_devices(
    state: AccountState, devices: array[int], device_id: str | None, start: int, end: int
) -> tuple[float, float]:
    """Return (1 if the device is new else 0, devices used) of the payments in [start, end) of the ring.

    NaN where no device was given, now for the first and in all of those payments for both.
    """
    if not devices or start == end:
        return nan, nan
    used = state.flags[start:end].translate(_TO_DEVICE)
    device = None if device_id is None else party_hash(device_id)
    count, is_new = 0, 1.0
    for index, known in enumerate(devices, 1):
        if used.find(index) >= 0:
            count += 1
            if known == device:
                is_new = 0.0
    if not count:
        return nan, nan
    return nan if device is None else is_new, float(count)
