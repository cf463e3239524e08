"""Many accounts at once, between their bytes and the rows of an arena."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features import expiry
from features.compiled import compiled
from features.packing import pack, unpack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Shape


@compiled
def load_accounts(data: NDArray[np.uint8], ends: NDArray[np.int64], shape: Shape, arena: NDArray[np.int64]) -> int:
    """Unpack accounts that stand one behind the other; return the place of the first that is none, or -1."""
    start = 0
    for at in range(len(ends)):
        if not unpack(data, start, ends[at], shape, arena[at]):
            return at
        start = ends[at]
    return -1


@compiled
def store_accounts(arena: NDArray[np.int64], shape: Shape, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
    """Pack the first accounts of an arena one behind the other."""
    end = 0
    for at in range(len(ends)):
        end = pack(arena[at], shape, data, end)
        ends[at] = end


@compiled
def shrink_accounts(arena: NDArray[np.int64], count: int, now_ms: int) -> None:
    """Shrink the first accounts of an arena."""
    for at in range(count):
        expiry.shrink(arena[at], now_ms)
