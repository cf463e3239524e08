"""The devices an account pays from: up to 15 hashes, and in the upper half of each payment's flags its index.

Index 0 is "not given". A device is known while a payment from it is in the ring, so there is no other memory to expire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled, compiled_making_arrays
from features.layout import COUNT, DEVICE_COUNT, DEVICE_SHIFT, DEVICES, DEVICES_MAX, FLAGS

if TYPE_CHECKING:
    from features.sketch import Account

_FLAGS_MASK = (1 << DEVICE_SHIFT) - 1


@compiled
def find_device(account: Account, device: int) -> int:
    """Return the index of a device's hash from 1, or 0."""
    for index in range(account[DEVICE_COUNT]):
        if account[DEVICES + index] == device:
            return index + 1
    return 0


@compiled_making_arrays
def take_device(account: Account, device: int) -> int:
    """Return the device's index from 1, giving it one if it has none: a free one, else the longest unused."""
    index = find_device(account, device)
    if index:
        return index
    if account[DEVICE_COUNT] < DEVICES_MAX:
        account[DEVICE_COUNT] += 1
        account[DEVICES + account[DEVICE_COUNT] - 1] = device
        return int(account[DEVICE_COUNT])
    last_use = np.full(DEVICES_MAX + 1, -1, np.int64)
    for at in range(account[COUNT]):
        last_use[account[FLAGS + at] >> DEVICE_SHIFT] = at
    index = 1 + int(np.argmin(last_use[1:]))
    for at in range(account[COUNT]):
        if account[FLAGS + at] >> DEVICE_SHIFT == index:
            account[FLAGS + at] &= _FLAGS_MASK
    account[DEVICES + index - 1] = device
    return index
