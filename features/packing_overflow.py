"""The bytes of an account's overflow, behind those of the account (`packing`), little-endian.

```
          u48 newest + 1 │ u32 count │ u64 paise │ u32 tick count │ u64 tick paise │ 85 x ( u32 count │ u64 paise )
          u48 estimated + 1 │ u48 due │ u32 due count │ 5 x u32 estimates
          u32 base unit │ u48 tick + 1 │ u8 rows r │ rows*columns/8 bytes pending │ r*columns x u16 cells
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.layout import (
    BASE_UNIT,
    CELLS,
    DUE_COUNT,
    DUE_MS,
    ESTIMATED_MS,
    ESTIMATES,
    OUT_COUNT,
    OUT_COUNTS,
    OUT_NEWEST_MS,
    OUT_SUM,
    OUT_SUMS,
    OUT_TICK_COUNT,
    OUT_TICK_SUM,
    OVERFLOWS,
    PENDING,
    PENDING_COUNT,
    ROWS,
    SNAPSHOT_COUNT,
    TICK_MS,
    WINDOW_COUNT,
)
from features.words import get, put

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Account, Shape

    Bytes = NDArray[np.uint8]

OVERFLOW_BYTES = 30 + 12 * SNAPSHOT_COUNT + 16 + 4 * WINDOW_COUNT + 11
"""Of its fixed part, before the sketch's pending bits and cells."""


@compiled
def pack_overflow(account: Account, shape: Shape, data: Bytes, at: int) -> int:
    """Write an account's overflow from `at` on and return where it ends."""
    at = put(data, at, account[OUT_NEWEST_MS] + 1, 6)
    at = put(data, at, account[OUT_COUNT], 4)
    at = put(data, at, account[OUT_SUM], 8)
    at = put(data, at, account[OUT_TICK_COUNT], 4)
    at = put(data, at, account[OUT_TICK_SUM], 8)
    for snapshot in range(SNAPSHOT_COUNT):
        at = put(data, at, account[OUT_COUNTS + snapshot], 4)
        at = put(data, at, account[OUT_SUMS + snapshot], 8)
    at = put(data, at, account[ESTIMATED_MS] + 1, 6)
    at = put(data, at, account[DUE_MS], 6)
    at = put(data, at, account[DUE_COUNT], 4)
    for window in range(WINDOW_COUNT):
        at = put(data, at, account[ESTIMATES + window], 4)
    at = put(data, at, account[BASE_UNIT], 4)
    at = put(data, at, account[TICK_MS] + 1, 6)
    at = put(data, at, account[ROWS], 1)
    cells = shape[0] * shape[1]
    data[at : at + cells // 8] = 0
    for pending in range(account[PENDING_COUNT]):
        cell = account[PENDING + pending]
        data[at + cell // 8] |= 1 << (cell & 7)
    at += cells // 8
    for cell in range(account[ROWS] * shape[1]):
        at = put(data, at, account[CELLS + cell], 2)
    return at


@compiled
def unpack_overflow(data: Bytes, at: int, end: int, shape: Shape, account: Account) -> bool:
    """Read an overflow; False where the bytes are none."""
    account[OVERFLOWS] = 1
    account[OUT_NEWEST_MS], account[OUT_COUNT] = get(data, at, 6) - 1, get(data, at + 6, 4)
    account[OUT_SUM], account[OUT_TICK_COUNT] = get(data, at + 10, 8), get(data, at + 18, 4)
    account[OUT_TICK_SUM] = get(data, at + 22, 8)
    at += 30
    for snapshot in range(SNAPSHOT_COUNT):
        account[OUT_COUNTS + snapshot], account[OUT_SUMS + snapshot] = get(data, at, 4), get(data, at + 4, 8)
        at += 12
    account[ESTIMATED_MS], account[DUE_MS] = get(data, at, 6) - 1, get(data, at + 6, 6)
    account[DUE_COUNT] = get(data, at + 12, 4)
    at += 16
    for window in range(WINDOW_COUNT):
        account[ESTIMATES + window] = get(data, at, 4)
        at += 4
    account[BASE_UNIT], account[TICK_MS], rows = get(data, at, 4), get(data, at + 4, 6) - 1, int(data[at + 10])
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
        account[CELLS + cell] = get(data, at, 2)
        at += 2
    return True
