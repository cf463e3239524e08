"""The bytes of one account, payer or payee: native columns in a row, little-endian, version byte first.

```
header    u8 version │ u8 layout │ u16 payments n │ u16 parties p │ u16 keys k │ u8 verdicts v │ u8 devices d
          i64 base_ms │ i64 first_ms │ i64 last_ms │ i64 dropped_ms
columns   n u32 times │ n amounts │ n u8 slots │ n u8 flags │ p parties │ v u64 verdict ids │ v i64 verdict marks
          k u64 keys │ d u64 devices
overflow  i64 newest_ms │ u32 count │ u64 paise │ u32 tick count │ u64 tick paise │ 85 u32 counts │ 85 u64 sums
          i64 estimated_ms │ i64 due_ms │ u32 due count │ 5 u32 estimates
          u32 base unit │ i64 tick_ms │ u16 cells c │ rows*columns/8 bytes pending │ c u16 cells
layout    bit 0: narrow; bit 1: an amount is over 2^32 paise; bit 2: an overflow follows
```

An amount is a u32, with bit 1 a u64; a party a u64. From 129 payments on the layout is narrow: what would be a u64 is
five planes of one byte each (all lowest bytes, then all second ones, ...), since neither amounts nor parties exceed 40
bits. Whatever an account does, this stays within 8 KiB: 8,144 bytes for a payer, 6,860 for a payee at the very most.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import TYPE_CHECKING, TypeVar

from features.account import AccountState
from features.columns import running_totals
from features.errors import StateCodecError
from features.overflow import SNAPSHOTS, WINDOWS_MS, Overflow
from features.parties import Parties
from features.sketch import Sketch

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
STATE_BYTES_MAX = 8 * 1024
NARROW_FROM = 129

_NARROW, _LARGE_AMOUNTS, _OVERFLOWS = 1, 2, 4
_PLANES = 5
_LONG = 8
_header = struct.Struct("<BBHHHBBqqqq")
_overflow = struct.Struct("<qIQIQ")
_sketch = struct.Struct("<qqIIIIIIIqH")
_unpack_header = _header.unpack_from
_SNAPSHOT_COUNT = SNAPSHOTS * len(WINDOWS_MS)

if sys.byteorder != "little":  # columns are written as they lie in memory
    raise StateCodecError(f"states are little-endian; this machine is {sys.byteorder}-endian: run on another")

State = TypeVar("State", bound=AccountState)


def encode_account(state: AccountState, keys: array[int], devices: array[int]) -> bytes:
    """Return an account's bytes; the same state gives the same bytes."""
    count = len(state.times)
    large, overflow = state.amounts.typecode == "Q", state.overflow
    narrow = count >= NARROW_FROM
    layout = narrow * _NARROW | large * _LARGE_AMOUNTS | (overflow is not None) * _OVERFLOWS
    hashes = state.parties.hashes
    counts = count, len(hashes), len(keys), len(state.verdict_ids), len(devices)
    amounts, parties = state.amounts.tobytes(), hashes.tobytes()
    parts: list[bytes | bytearray] = [
        _header.pack(VERSION, layout, *counts, state.base_ms, state.first_ms, state.last_ms, state.dropped_ms),
        state.times.tobytes(),
        _to_planes(amounts) if narrow and large else amounts,
        state.slots,
        state.flags,
        _to_planes(parties) if narrow else parties,
        state.verdict_ids.tobytes(),
        state.verdict_marks.tobytes(),
        keys.tobytes(),
        devices.tobytes(),
    ]
    if overflow is not None:
        _encode_overflow(parts, overflow)
    return b"".join(parts)


def decode_account(data: bytes, make: Callable[..., State], shape: tuple[int, int], *, has_keys: bool) -> State:
    """Return the state in bytes, as `make` builds it from its fields; `shape` is the sketch's.

    Raises StateCodecError for bytes of another version or another length than their own counts say.
    """
    if len(data) < _header.size or data[0] != VERSION:
        got = f"version {data[0]}, {len(data)} bytes" if data else "none"
        raise StateCodecError(f"needed an account state of version {VERSION}, got {got}: run the version that wrote it")
    _, layout, count, parties, keys, verdicts, devices, base_ms, first_ms, last_ms, dropped_ms = _unpack_header(data)
    long = _PLANES if layout & _NARROW else _LONG
    times_end = _header.size + 4 * count
    amounts_end = times_end + (long if layout & _LARGE_AMOUNTS else 4) * count
    slots_end = amounts_end + count
    flags_end = slots_end + count
    parties_end = flags_end + long * parties
    ids_end = parties_end + 8 * verdicts
    marks_end = ids_end + 8 * verdicts
    keys_end = marks_end + 8 * keys
    devices_end = keys_end + 8 * devices
    if len(data) != devices_end and not (layout & _OVERFLOWS and len(data) > devices_end):
        raise StateCodecError(f"needed {devices_end} bytes of state by its own counts, got {len(data)}: it is damaged")
    amounts = _decode_amounts(data[times_end:amounts_end], layout)
    fields = (
        base_ms,
        array("I", data[_header.size : times_end]),
        amounts,
        bytearray(data[amounts_end:slots_end]),
        bytearray(data[slots_end:flags_end]),
        _decode_parties(data[flags_end:parties_end], layout),
        running_totals(amounts),
        first_ms,
        last_ms,
        dropped_ms,
        _decode_overflow(data, devices_end, shape) if layout & _OVERFLOWS else None,
        array("Q", data[parties_end:ids_end]),
        array("q", data[ids_end:marks_end]),
    )
    if not has_keys:
        return make(*fields)
    return make(*fields, array("Q", data[marks_end:keys_end]), array("Q", data[keys_end:devices_end]))


def _decode_amounts(data: bytes, layout: int) -> array[int]:
    if not layout & _LARGE_AMOUNTS:
        return array("I", data)
    return array("Q", _from_planes(data) if layout & _NARROW else data)


def _decode_parties(data: bytes, layout: int) -> Parties:
    longs = _from_planes(data) if layout & _NARROW else data
    return Parties(array("Q", longs), bytearray(longs[::_LONG]))


def _to_planes(longs: bytes) -> bytes:
    """Return the lowest five bytes of each u64, plane by plane: strided slices are the fastest narrowing there is."""
    return b"".join([longs[plane::_LONG] for plane in range(_PLANES)])


def _from_planes(planes: bytes) -> bytes:
    count = len(planes) // _PLANES
    longs = bytearray(_LONG * count)
    for plane in range(_PLANES):
        longs[plane::_LONG] = planes[plane * count : (plane + 1) * count]
    return bytes(longs)


def _encode_overflow(parts: list[bytes | bytearray], overflow: Overflow) -> None:
    sketch = overflow.sketch
    parts += [
        _overflow.pack(
            overflow.newest_ms, overflow.count, overflow.sum_paise, overflow.tick_count, overflow.tick_sum_paise
        ),
        overflow.counts.tobytes(),
        overflow.sums.tobytes(),
        _sketch.pack(
            overflow.estimated_ms,
            overflow.due_ms,
            overflow.due_count,
            *overflow.estimates,
            sketch.base_unit,
            sketch.tick_ms,
            len(sketch.cells),
        ),
        sketch.pending.to_bytes(sketch.rows_max * sketch.columns // 8, "little"),
        sketch.cells.tobytes(),
    ]


def _decode_overflow(data: bytes, start: int, shape: tuple[int, int]) -> Overflow:
    rows_max, columns = shape
    counters_end = start + _overflow.size
    counts_end = counters_end + 4 * _SNAPSHOT_COUNT
    sums_end = counts_end + 8 * _SNAPSHOT_COUNT
    pending_start = sums_end + _sketch.size
    pending_end = pending_start + rows_max * columns // 8
    if len(data) < pending_end:
        raise StateCodecError(f"needed {pending_end} bytes up to the sketch, got {len(data)}: the state is cut")
    estimated_ms, due_ms, due_count, *estimates, base_unit, tick_ms, cell_count = _sketch.unpack_from(data, sums_end)
    if len(data) != pending_end + 2 * cell_count:
        raise StateCodecError(f"needed {pending_end + 2 * cell_count} bytes of state, got {len(data)}: it is damaged")
    pending = int.from_bytes(data[pending_start:pending_end], "little")
    sketch = Sketch(rows_max, columns, base_unit, tick_ms, pending, array("H", data[pending_end:]))
    counts, sums = array("I", data[counters_end:counts_end]), array("Q", data[counts_end:sums_end])
    newest_ms, count, sum_paise, tick_count, tick_sum = _overflow.unpack_from(data, start)
    return Overflow(
        newest_ms,
        count,
        sum_paise,
        tick_count,
        tick_sum,
        counts,
        sums,
        sketch,
        estimated_ms,
        due_ms,
        due_count,
        array("I", estimates),
    )
