"""What a payment leaves behind besides money: phone, network address, place, app, transaction id; as strings.

A thief's phone, address and place are drawn from the same bags as everybody's; fields go missing as often for all.
Addresses are of the carriers' shared space 100.64.0.0/10, so that nobody's own appears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from features.clock import DAY_MS
from simulator.payments import OWN, Payments
from simulator.words import PLACES

if TYPE_CHECKING:
    from simulator.dice import Bits, Dice, Ints
    from simulator.world import World

_NETWORKS = 100 * 256 + np.array([64, 76, 88, 100, 110, 118], dtype=np.int64)  # first 16 bits, one per carrier
_NETWORK_WEIGHTS = (30.0, 26.0, 16.0, 14.0, 8.0, 6.0)
_PHONE_DAYS_MIN, _PHONE_DAYS_MAX = 250, 1100
_SECOND_PHONE_SHARE = 0.08
_HOME_SHARE = 0.4
_NO_DEVICE_SHARE, _NO_PLACE_SHARE, _NO_IP_SHARE = 0.02, 0.07, 0.01
_SPARE = 1 << 56
_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")


def own_phone(dice: Dice, account: Ints, time_ms: Ints) -> Ints:
    """Return the number of the phone that an account's owner uses at a time; everybody gets a new one at times."""
    lifetime = dice.whole("phone days", _PHONE_DAYS_MIN, _PHONE_DAYS_MAX, account) * DAY_MS
    phase = (dice.uniform("phone phase", account) * lifetime).astype(np.int64)
    second = dice.chance("has two", _SECOND_PHONE_SHARE, account) & dice.chance("uses it", 0.3, account, time_ms)
    return (account * 2 + second) * 256 + (time_ms + phase) // lifetime % 256


def spare_phone(account: Ints, day: Ints) -> Ints:
    """Return the number of a phone that an account's owner has never used before that day."""
    return _SPARE + account * 65_536 + day % 65_536


def hex_strings(bits: list[Bits]) -> pl.Series:
    """Return each row's 64-bit numbers as one string of hex digits.

    >>> hex_strings([np.array([255], dtype=np.uint64)]).to_list()
    ['00000000000000ff']
    """
    stacked = np.stack(bits, axis=1).astype(">u8")
    rows, width = len(stacked), stacked.shape[1] * 16
    digits = _HEX[stacked.view(np.uint8).reshape(rows, -1)]
    offsets = np.arange(rows + 1, dtype=np.int64) * width
    text = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(digits)))
    return pl.Series(text)


def settle(world: World, payments: Payments) -> None:
    """Fill in, in place, the payers' own phones and home cities wherever an episode did not say otherwise."""
    own = payments.device == OWN
    payments.device[own] = own_phone(world.dice, payments.payer[own], payments.time_ms[own])
    home = payments.place == OWN
    payments.place[home] = world.place(world.home(payments.payer[home]))


def device_strings(dice: Dice, payments: Payments, ids: Ints) -> pl.Series:
    """Return device ids, now and then missing."""
    text = hex_strings([dice.bits("device", payments.device)])
    return _with_gaps(text, dice, "no device", _NO_DEVICE_SHARE, ids)


def place_strings(dice: Dice, payments: Payments, ids: Ints) -> pl.Series:
    """Return city names, missing where the app may not tell."""
    text = pl.Series(PLACES).gather(payments.place)
    return _with_gaps(text, dice, "no place", _NO_PLACE_SHARE, ids)


def ip_strings(dice: Dice, payments: Payments, ids: Ints) -> pl.Series:
    """Return network addresses: a phone keeps its network, the last parts change daily, at home they stay."""
    network = _NETWORKS[dice.pick("network", _NETWORK_WEIGHTS, payments.device)]
    network = network + dice.below("block", 10, payments.device)
    day = payments.time_ms // DAY_MS
    at_home = dice.chance("at home", _HOME_SHARE, payments.device, day)
    tail = dice.below("address", 1 << 16, payments.device, np.where(at_home, 0, day))
    octets = (network >> 8, network & 255, tail >> 8, tail & 255)
    parts = pl.DataFrame({f"{place}": octet for place, octet in enumerate(octets)})
    text = parts.select(pl.concat_str(pl.all().cast(pl.String), separator=".")).to_series()
    return _with_gaps(text, dice, "no ip", _NO_IP_SHARE, ids)


def _with_gaps(text: pl.Series, dice: Dice, what: str, share: float, ids: Ints) -> pl.Series:
    missing = pl.Series(dice.chance(what, share, ids))
    return text.set(missing, None)
