"""The bytes of one account at rest, payer or payee: as short as what it holds, little-endian, version byte first.

```
header    u8 version │ u8 layout │ u16 payments n │ u16 keys k │ u8 verdicts v │ u8 devices d
          u48 last_ms │ u48 first_ms │ u48 dropped_ms          all + 1, so that 0 is "never"
payments  n x ( u32 ms before last_ms │ u40 paise │ u40 party │ u8 flags )
          k x u64 keys │ v x ( u64 id │ u48 mark ) │ d x u40 devices
overflow  u48 newest + 1 │ u32 count │ u64 paise │ u32 tick count │ u64 tick paise │ 85 x ( u32 count │ u64 paise )
          u48 estimated + 1 │ u48 due │ u32 due count │ 5 x u32 estimates
          u32 base unit │ u48 tick + 1 │ u8 rows r │ rows*columns/8 bytes pending │ r*columns x u16 cells
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
    BASE_UNIT,
    CELLS,
    COUNT,
    DEVICE_COUNT,
    DEVICES,
    DEVICES_MAX,
    DROPPED_MS,
    DUE_COUNT,
    DUE_MS,
    ESTIMATED_MS,
    ESTIMATES,
    FIRST_MS,
    FLAGS,
    KEY_COUNT,
    KEYS,
    KEYS_MAX,
    LAST_MS,
    OUT_COUNT,
    OUT_COUNTS,
    OUT_NEWEST_MS,
    OUT_SUM,
    OUT_SUMS,
    OUT_TICK_COUNT,
    OUT_TICK_SUM,
    OVERFLOWS,
    PARTIES,
    PENDING,
    PENDING_COUNT,
    RING_MAX,
    ROWS,
    SNAPSHOT_COUNT,
    TICK_MS,
    TIMES,
    VERDICT_COUNT,
    VERDICT_IDS,
    VERDICT_MARKS,
    VERDICTS_MAX,
    WINDOW_COUNT,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Account, Shape

    Bytes = NDArray[np.uint8]

VERSION = 2
STATE_BYTES_MAX = 8 * 1024

HEADER_BYTES = 26
PAYMENT_BYTES = 15
_VERDICT_BYTES = 14
_OVERFLOW_BYTES = 30 + 12 * SNAPSHOT_COUNT + 16 + 4 * WINDOW_COUNT + 11


def bytes_max(shape: tuple[int, int], *, has_keys: bool) -> int:
    """Return the most bytes that an account of a sketch's shape can take.

    >>> bytes_max((7, 32), has_keys=True) <= STATE_BYTES_MAX, bytes_max((10, 64), has_keys=False) <= STATE_BYTES_MAX
    (True, True)
    """
    cells = shape[0] * shape[1]
    own = (8 * KEYS_MAX + 5 * DEVICES_MAX) if has_keys else 0
    ring = HEADER_BYTES + PAYMENT_BYTES * RING_MAX + _VERDICT_BYTES * VERDICTS_MAX
    return ring + own + _OVERFLOW_BYTES + cells // 8 + 2 * cells


@compiled
def _put(data: Bytes, at: int, value: int, width: int) -> int:
    for _ in range(width):
        data[at] = value & 0xFF
        value >>= 8
        at += 1
    return at


@compiled
def _get(data: Bytes, at: int, width: int) -> int:
    value = 0
    for byte in range(width):
        value |= int(data[at + byte]) << (8 * byte)
    return value


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
        at = _put(data, at, value, width)
    for payment in range(account[COUNT]):
        at = _put(data, at, last_ms - account[TIMES + payment], 4)
        at = _put(data, at, account[AMOUNTS + payment], 5)
        at = _put(data, at, account[PARTIES + payment], 5)
        at = _put(data, at, account[FLAGS + payment], 1)
    for key in range(account[KEY_COUNT]):
        at = _put(data, at, account[KEYS + key], 8)
    for verdict in range(account[VERDICT_COUNT]):
        at = _put(data, at, account[VERDICT_IDS + verdict], 8)
        at = _put(data, at, account[VERDICT_MARKS + verdict], 6)
    for device in range(account[DEVICE_COUNT]):
        at = _put(data, at, account[DEVICES + device], 5)
    return _pack_overflow(account, shape, data, at) if account[OVERFLOWS] else at


@compiled
def _pack_overflow(account: Account, shape: Shape, data: Bytes, at: int) -> int:
    at = _put(data, at, account[OUT_NEWEST_MS] + 1, 6)
    at = _put(data, at, account[OUT_COUNT], 4)
    at = _put(data, at, account[OUT_SUM], 8)
    at = _put(data, at, account[OUT_TICK_COUNT], 4)
    at = _put(data, at, account[OUT_TICK_SUM], 8)
    for snapshot in range(SNAPSHOT_COUNT):
        at = _put(data, at, account[OUT_COUNTS + snapshot], 4)
        at = _put(data, at, account[OUT_SUMS + snapshot], 8)
    at = _put(data, at, account[ESTIMATED_MS] + 1, 6)
    at = _put(data, at, account[DUE_MS], 6)
    at = _put(data, at, account[DUE_COUNT], 4)
    for window in range(WINDOW_COUNT):
        at = _put(data, at, account[ESTIMATES + window], 4)
    at = _put(data, at, account[BASE_UNIT], 4)
    at = _put(data, at, account[TICK_MS] + 1, 6)
    at = _put(data, at, account[ROWS], 1)
    cells = shape[0] * shape[1]
    data[at : at + cells // 8] = 0
    for pending in range(account[PENDING_COUNT]):
        cell = account[PENDING + pending]
        data[at + cell // 8] |= 1 << (cell & 7)
    at += cells // 8
    for cell in range(account[ROWS] * shape[1]):
        at = _put(data, at, account[CELLS + cell], 2)
    return at


@compiled
def unpack(data: Bytes, start: int, end: int, shape: Shape, account: Account) -> bool:
    """Read an account from data[start:end]; no bytes are an account never seen. False for bytes that are no account."""
    clear(account)
    if start == end:
        return True
    if end - start < HEADER_BYTES or data[start] != VERSION or data[start + 1] > 1:
        return False
    count, keys = _get(data, start + 2, 2), _get(data, start + 4, 2)
    verdicts, devices = int(data[start + 6]), int(data[start + 7])
    size = HEADER_BYTES + PAYMENT_BYTES * count + 8 * keys + _VERDICT_BYTES * verdicts + 5 * devices
    overflows = int(data[start + 1])
    fits = count <= RING_MAX and keys <= KEYS_MAX and verdicts <= VERDICTS_MAX and devices <= DEVICES_MAX
    if not fits or start + size + overflows * _OVERFLOW_BYTES > end or (not overflows and start + size != end):
        return False
    account[COUNT], account[KEY_COUNT], account[VERDICT_COUNT], account[DEVICE_COUNT] = count, keys, verdicts, devices
    last_ms = account[LAST_MS] = _get(data, start + 8, 6) - 1
    account[FIRST_MS], account[DROPPED_MS] = _get(data, start + 14, 6) - 1, _get(data, start + 20, 6) - 1
    at = start + HEADER_BYTES
    for payment in range(count):
        account[TIMES + payment] = last_ms - _get(data, at, 4)
        account[AMOUNTS + payment] = _get(data, at + 4, 5)
        account[PARTIES + payment] = _get(data, at + 9, 5)
        account[FLAGS + payment] = data[at + 14]
        at += PAYMENT_BYTES
    for key in range(keys):
        account[KEYS + key] = _get(data, at, 8)
        at += 8
    for verdict in range(verdicts):
        account[VERDICT_IDS + verdict], account[VERDICT_MARKS + verdict] = _get(data, at, 8), _get(data, at + 8, 6)
        at += _VERDICT_BYTES
    for device in range(devices):
        account[DEVICES + device] = _get(data, at, 5)
        at += 5
    return _unpack_overflow(data, at, end, shape, account) if overflows else True


@compiled
def _unpack_overflow(data: Bytes, at: int, end: int, shape: Shape, account: Account) -> bool:
    account[OVERFLOWS] = 1
    account[OUT_NEWEST_MS], account[OUT_COUNT] = _get(data, at, 6) - 1, _get(data, at + 6, 4)
    account[OUT_SUM], account[OUT_TICK_COUNT] = _get(data, at + 10, 8), _get(data, at + 18, 4)
    account[OUT_TICK_SUM] = _get(data, at + 22, 8)
    at += 30
    for snapshot in range(SNAPSHOT_COUNT):
        account[OUT_COUNTS + snapshot], account[OUT_SUMS + snapshot] = _get(data, at, 4), _get(data, at + 4, 8)
        at += 12
    account[ESTIMATED_MS], account[DUE_MS] = _get(data, at, 6) - 1, _get(data, at + 6, 6)
    account[DUE_COUNT] = _get(data, at + 12, 4)
    at += 16
    for window in range(WINDOW_COUNT):
        account[ESTIMATES + window] = _get(data, at, 4)
        at += 4
    account[BASE_UNIT], account[TICK_MS], rows = _get(data, at, 4), _get(data, at + 4, 6) - 1, int(data[at + 10])
    at += 11
    cells, columns = shape[0] * shape[1], shape[1]
    if rows > shape[0] or at + cells // 8 + 2 * rows * columns != end:
        return False
    account[ROWS], pending = rows, 0
    for cell in range(cells):
        if data[at + cell // 8] >> (cell & 7) & 1:
            account[PENDING + pending] = cell
            pending += 1
    account[PENDING_COUNT] = pending
    at += cells // 8
    for cell in range(rows * columns):
        account[CELLS + cell] = _get(data, at, 2)
        at += 2
    return True
