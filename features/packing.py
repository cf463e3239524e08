"""The bytes of one account at rest, payer or payee: as short as what it holds, little-endian, version byte first.

```
header    u8 version │ u8 layout │ u16 payments n │ u16 keys k │ u8 verdicts v │ u8 devices d
          u48 last_ms │ u48 first_ms │ u48 dropped_ms          all + 1, so that 0 is "never"
payments  n x ( u32 ms before last_ms │ u40 paise │ u40 party │ u8 flags )
          k x u64 keys │ v x ( u32 id │ u48 mark │ u48 time │ u40 paise ) │ d x u40 devices
overflow  as `packing_overflow` says
layout    bit 0: an overflow follows
```

Whatever an account does, this stays within 8 KiB: `bytes_max` says by how much. Bytes are canonical: the same account
gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.expiry import clear
from features.layout import (
    AMOUNTS,
    COUNT,
    DEVICE_COUNT,
    DEVICES,
    DEVICES_MAX,
    DROPPED_MS,
    FIRST_MS,
    FLAGS,
    KEY_COUNT,
    KEYS,
    KEYS_MAX,
    LAST_MS,
    OVERFLOWS,
    PARTIES,
    RING_MAX,
    TIMES,
    VERDICT_AMOUNTS,
    VERDICT_COUNT,
    VERDICT_IDS,
    VERDICT_MARKS,
    VERDICT_TIMES,
    VERDICTS_MAX,
)
from features.packing_overflow import OVERFLOW_BYTES, get, pack_overflow, put, unpack_overflow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Account, Shape

    Bytes = NDArray[np.uint8]

VERSION = 3
STATE_BYTES_MAX = 8 * 1024

HEADER_BYTES = 26
PAYMENT_BYTES = 15
_VERDICT_BYTES = 21


def bytes_max(shape: tuple[int, int], verdicts: int, *, has_keys: bool) -> int:
    """Return the most bytes that an account of a sketch's shape, with so many verdicts, can take.

    >>> bytes_max((7, 32), 24, has_keys=True) <= STATE_BYTES_MAX
    True
    >>> bytes_max((10, 64), 64, has_keys=False) <= STATE_BYTES_MAX
    True
    """
    cells = shape[0] * shape[1]
    own = (8 * KEYS_MAX + 5 * DEVICES_MAX) if has_keys else 0
    ring = HEADER_BYTES + PAYMENT_BYTES * RING_MAX + _VERDICT_BYTES * verdicts
    return ring + own + OVERFLOW_BYTES + cells // 8 + 2 * cells


@compiled
def pack(account: Account, shape: Shape, data: Bytes, at: int) -> int:
    """Write an account's bytes from `at` on and return where they end."""
    last_ms = account[LAST_MS]
    for value, width in (
        (VERSION, 1),
        (account[OVERFLOWS], 1),
        (account[COUNT], 2),
        (account[KEY_COUNT], 2),
        (account[VERDICT_COUNT], 1),
        (account[DEVICE_COUNT], 1),
        (last_ms + 1, 6),
        (account[FIRST_MS] + 1, 6),
        (account[DROPPED_MS] + 1, 6),
    ):
        at = put(data, at, value, width)
    for payment in range(account[COUNT]):
        at = put(data, at, last_ms - account[TIMES + payment], 4)
        at = put(data, at, account[AMOUNTS + payment], 5)
        at = put(data, at, account[PARTIES + payment], 5)
        at = put(data, at, account[FLAGS + payment], 1)
    for key in range(account[KEY_COUNT]):
        at = put(data, at, account[KEYS + key], 8)
    for verdict in range(account[VERDICT_COUNT]):
        at = put(data, at, account[VERDICT_IDS + verdict], 4)
        at = put(data, at, account[VERDICT_MARKS + verdict], 6)
        at = put(data, at, account[VERDICT_TIMES + verdict], 6)
        at = put(data, at, account[VERDICT_AMOUNTS + verdict], 5)
    for device in range(account[DEVICE_COUNT]):
        at = put(data, at, account[DEVICES + device], 5)
    return pack_overflow(account, shape, data, at) if account[OVERFLOWS] else at


@compiled
def unpack(data: Bytes, start: int, end: int, shape: Shape, account: Account) -> bool:
    """Read an account from data[start:end]; no bytes are an account never seen. False for bytes that are no account."""
    clear(account)
    if start == end:
        return True
    if end - start < HEADER_BYTES or data[start] != VERSION or data[start + 1] > 1:
        return False
    count, keys = get(data, start + 2, 2), get(data, start + 4, 2)
    verdicts, devices = int(data[start + 6]), int(data[start + 7])
    size = HEADER_BYTES + PAYMENT_BYTES * count + 8 * keys + _VERDICT_BYTES * verdicts + 5 * devices
    overflows = int(data[start + 1])
    fits = count <= RING_MAX and keys <= KEYS_MAX and verdicts <= VERDICTS_MAX and devices <= DEVICES_MAX
    if not fits or start + size + overflows * OVERFLOW_BYTES > end or (not overflows and start + size != end):
        return False
    account[COUNT], account[KEY_COUNT], account[VERDICT_COUNT], account[DEVICE_COUNT] = count, keys, verdicts, devices
    last_ms = account[LAST_MS] = get(data, start + 8, 6) - 1
    account[FIRST_MS], account[DROPPED_MS] = get(data, start + 14, 6) - 1, get(data, start + 20, 6) - 1
    at = start + HEADER_BYTES
    for payment in range(count):
        account[TIMES + payment] = last_ms - get(data, at, 4)
        account[AMOUNTS + payment] = get(data, at + 4, 5)
        account[PARTIES + payment] = get(data, at + 9, 5)
        account[FLAGS + payment] = data[at + 14]
        at += PAYMENT_BYTES
    for key in range(keys):
        account[KEYS + key] = get(data, at, 8)
        at += 8
    for verdict in range(verdicts):
        account[VERDICT_IDS + verdict], account[VERDICT_MARKS + verdict] = get(data, at, 4), get(data, at + 4, 6)
        account[VERDICT_TIMES + verdict] = get(data, at + 10, 6)
        account[VERDICT_AMOUNTS + verdict] = get(data, at + 16, 5)
        at += _VERDICT_BYTES
    for device in range(devices):
        account[DEVICES + device] = get(data, at, 5)
        at += 5
    return unpack_overflow(data, at, end, shape, account) if overflows else True
