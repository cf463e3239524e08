"""The bytes of one account at rest, payer or payee: as short as what it holds, little-endian, version byte first.

```
header    u8 version │ u8 layout │ u16 payments n │ u16 keys k │ u8 verdicts v │ u8 devices d │ u8 debits b
          u48 last_ms │ u48 first_ms │ u48 dropped_ms          all + 1, so that 0 is "never"
payments  n x ( u32 ms before last_ms │ u40 paise │ u40 party │ u8 flags )
          k x u64 keys │ v x ( u32 id │ u48 mark │ u48 time │ u40 paise ) │ d x u40 devices
          b x ( u48 time │ u40 paise │ u32 ms of stay )
overflow  as `packing_overflow` says
layout    bit 0: an overflow follows
```

Whatever an account does, this stays within 8 KiB: `bytes_max` says by how much. Bytes are canonical: the same account
gives the same bytes, and one never seen gives none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.expiry import clear
from features.layout import (
    AMOUNTS,
    COUNT,
    DEBIT_AMOUNTS,
    DEBIT_COUNT,
    DEBIT_STAYS,
    DEBIT_TIMES,
    DEBITS_MAX,
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
    NEVER,
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
from features.packing_overflow import OVERFLOW_BYTES, pack_overflow, unpack_overflow
from features.words import get, put

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from features.sketch import Account, Shape

    Bytes = NDArray[np.uint8]

VERSION = 4
STATE_BYTES_MAX = 8 * 1024

HEADER_BYTES = 27
PAYMENT_BYTES = 15
_VERDICT_BYTES = 21
_DEBIT_BYTES = 15
_LAST_MS_AT, _LAST_MS_END = 9, 15


def bytes_max(shape: tuple[int, int], verdicts: int, *, has_keys: bool) -> int:
    """Return the most bytes that an account of a sketch's shape, with so many verdicts, can take.

    >>> bytes_max((7, 32), 24, has_keys=True) <= STATE_BYTES_MAX
    True
    >>> bytes_max((10, 64), 64, has_keys=False) <= STATE_BYTES_MAX
    True
    """
    cells = shape[0] * shape[1]
    own = (8 * KEYS_MAX + 5 * DEVICES_MAX) if has_keys else _DEBIT_BYTES * DEBITS_MAX
    ring = HEADER_BYTES + PAYMENT_BYTES * RING_MAX + _VERDICT_BYTES * verdicts
    return ring + own + OVERFLOW_BYTES + cells // 8 + 2 * cells


def last_times_ms(states: Iterable[bytes]) -> list[int]:
    """Return when the newest payment of each account was, from its bytes, or NEVER."""
    return [int.from_bytes(state[_LAST_MS_AT:_LAST_MS_END], "little") - 1 for state in states]


@compiled
def pack(account: Account, shape: Shape, data: Bytes, at: int) -> int:
    """Write an account's bytes from `at` on and return where they end."""
    last_ms = account[LAST_MS]
    if last_ms == NEVER and account[VERDICT_COUNT] == 0:
        return at
    for value, width in (
        (VERSION, 1),
        (account[OVERFLOWS], 1),
        (account[COUNT], 2),
        (account[KEY_COUNT], 2),
        (account[VERDICT_COUNT], 1),
        (account[DEVICE_COUNT], 1),
        (account[DEBIT_COUNT], 1),
        (last_ms + 1, 6),
        (account[FIRST_MS] + 1, 6),
        (account[DROPPED_MS] + 1, 6),
    ):
        at = put(data, at, value, width)
    count = account[COUNT]
    times, amounts = account[TIMES : TIMES + count], account[AMOUNTS : AMOUNTS + count]
    parties, flags = account[PARTIES : PARTIES + count], account[FLAGS : FLAGS + count]
    for payment in range(len(times)):
        at = put(data, at, last_ms - times[payment], 4)
        at = put(data, at, amounts[payment], 5)
        at = put(data, at, parties[payment], 5)
        at = put(data, at, flags[payment], 1)
    for key in range(account[KEY_COUNT]):
        at = put(data, at, account[KEYS + key], 8)
    for verdict in range(account[VERDICT_COUNT]):
        at = put(data, at, account[VERDICT_IDS + verdict], 4)
        at = put(data, at, account[VERDICT_MARKS + verdict], 6)
        at = put(data, at, account[VERDICT_TIMES + verdict], 6)
        at = put(data, at, account[VERDICT_AMOUNTS + verdict], 5)
    for device in range(account[DEVICE_COUNT]):
        at = put(data, at, account[DEVICES + device], 5)
    for debit in range(account[DEBIT_COUNT]):
        at = put(data, at, account[DEBIT_TIMES + debit], 6)
        at = put(data, at, account[DEBIT_AMOUNTS + debit], 5)
        at = put(data, at, account[DEBIT_STAYS + debit], 4)
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
    verdicts, devices, debits = int(data[start + 6]), int(data[start + 7]), int(data[start + 8])
    size = HEADER_BYTES + PAYMENT_BYTES * count + 8 * keys + _VERDICT_BYTES * verdicts + 5 * devices
    size += _DEBIT_BYTES * debits
    overflows = int(data[start + 1])
    fits = count <= RING_MAX and keys <= KEYS_MAX and verdicts <= VERDICTS_MAX and devices <= DEVICES_MAX
    fits = fits and debits <= DEBITS_MAX
    if not fits or start + size + overflows * OVERFLOW_BYTES > end or (not overflows and start + size != end):
        return False
    account[COUNT], account[KEY_COUNT], account[VERDICT_COUNT], account[DEVICE_COUNT] = count, keys, verdicts, devices
    account[DEBIT_COUNT] = debits
    account[LAST_MS] = get(data, start + _LAST_MS_AT, 6) - 1
    account[FIRST_MS], account[DROPPED_MS] = get(data, start + 15, 6) - 1, get(data, start + 21, 6) - 1
    at = _unpack_columns(data, start + HEADER_BYTES, account)
    return unpack_overflow(data, at, end, shape, account) if overflows else True


@compiled
def _unpack_columns(data: Bytes, at: int, account: Account) -> int:
    """Read what the header counts, and return where that ends."""
    last_ms = account[LAST_MS]
    count = account[COUNT]
    times, amounts = account[TIMES : TIMES + count], account[AMOUNTS : AMOUNTS + count]
    parties, flags = account[PARTIES : PARTIES + count], account[FLAGS : FLAGS + count]
    for payment in range(len(times)):
        times[payment] = last_ms - get(data, at, 4)
        amounts[payment] = get(data, at + 4, 5)
        parties[payment] = get(data, at + 9, 5)
        flags[payment] = get(data, at + 14, 1)
        at += PAYMENT_BYTES
    for key in range(account[KEY_COUNT]):
        account[KEYS + key] = get(data, at, 8)
        at += 8
    for verdict in range(account[VERDICT_COUNT]):
        account[VERDICT_IDS + verdict], account[VERDICT_MARKS + verdict] = get(data, at, 4), get(data, at + 4, 6)
        account[VERDICT_TIMES + verdict] = get(data, at + 10, 6)
        account[VERDICT_AMOUNTS + verdict] = get(data, at + 16, 5)
        at += _VERDICT_BYTES
    for device in range(account[DEVICE_COUNT]):
        account[DEVICES + device] = get(data, at, 5)
        at += 5
    for debit in range(account[DEBIT_COUNT]):
        account[DEBIT_TIMES + debit], account[DEBIT_AMOUNTS + debit] = get(data, at, 6), get(data, at + 6, 5)
        account[DEBIT_STAYS + debit] = get(data, at + 11, 4)
        at += _DEBIT_BYTES
    return int(at)
