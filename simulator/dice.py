"""Seeded draws: every random number is a hash of (seed, what it is for, ids), so any part can be made alone.

Nothing here keeps a position: drawing one thing more or less never moves another, in any order or block size.
All functions are vectorised over id arrays and return arrays of the broadcast length.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Bits: TypeAlias = NDArray[np.uint64]
Ids: TypeAlias = "Ints | int"
Numbers: TypeAlias = "Floats | Ints | float"

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(shift) for shift in (30, 27, 31, 11))
_UNIT = 2.0**-53
_NORMAL_STEPS = 4096
_NORMAL = np.array([NormalDist().inv_cdf((step + 0.5) / _NORMAL_STEPS) for step in range(_NORMAL_STEPS)])


def as_ints(ids: Ids) -> Ints:
    """Return ids as a one-dimensional int64 array."""
    return np.atleast_1d(np.asarray(ids, dtype=np.int64))


def mix(bits: Bits) -> Bits:
    """Return the splitmix64 finaliser of each element: every input bit reaches every output bit (Steele et al. 2014).

    >>> hex(mix(np.array([1], dtype=np.uint64))[0])
    '0x5692161d100b05e5'
    """
    bits = (bits ^ (bits >> _S30)) * _MIX_1
    bits = (bits ^ (bits >> _S27)) * _MIX_2
    return bits ^ (bits >> _S31)


@lru_cache(maxsize=4096)
def _salt(seed: int, name: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "big"))


class Dice:
    """Draws of one seed under one name; `named` gives dice that share nothing with these.

    >>> Dice(1).below("colour", 3, np.arange(5)).tolist() == Dice(1).below("colour", 3, np.arange(5)).tolist()
    True
    """

    def __init__(self, seed: int, name: str = "") -> None:
        self.seed = seed
        self.name = name

    def named(self, name: str) -> Dice:
        """Return independent dice of the same seed."""
        return Dice(self.seed, f"{self.name}{name}.")

    def bits(self, what: str, *ids: Ids) -> Bits:
        """Return 64 random bits per id."""
        first, *others = ids
        salt = _salt(self.seed, self.name + what)
        bits = mix(as_ints(first).view(np.uint64) * _GOLDEN + salt)
        for other in others:
            bits = mix(bits + as_ints(other).view(np.uint64) * _GOLDEN)
        return mix(bits + salt)

    def uniform(self, what: str, *ids: Ids) -> Floats:
        """Return numbers in [0, 1)."""
        return (self.bits(what, *ids) >> _S11).astype(np.float64) * _UNIT

    def chance(self, what: str, probability: Numbers, *ids: Ids) -> Bools:
        """Return True with the given probability."""
        return self.uniform(what, *ids) < probability

    def below(self, what: str, count: Ids, *ids: Ids) -> Ints:
        """Return whole numbers in [0, count)."""
        return np.asarray(self.uniform(what, *ids) * count, dtype=np.int64)

    def whole(self, what: str, low: int, high: int, *ids: Ids) -> Ints:
        """Return whole numbers in [low, high], both included."""
        return low + self.below(what, high - low + 1, *ids)

    def between(self, what: str, low: Numbers, high: Numbers, *ids: Ids) -> Floats:
        """Return numbers in [low, high)."""
        return np.asarray(low + (np.asarray(high) - low) * self.uniform(what, *ids), dtype=np.float64)

    def decades(self, what: str, low: Numbers, high: Numbers, *ids: Ids) -> Floats:
        """Return numbers in [low, high), evenly spread on a logarithmic scale: most are small."""
        return np.asarray(low * (np.asarray(high) / low) ** self.uniform(what, *ids), dtype=np.float64)

    def normal(self, what: str, *ids: Ids) -> Floats:
        """Return standard normal numbers, within 3.7 deviations."""
        place = self.uniform(what, *ids) * _NORMAL_STEPS - 0.5
        normal: Floats = np.interp(place, np.arange(_NORMAL_STEPS), _NORMAL)
        return normal

    def around(self, what: str, median: Numbers, spread: Numbers, *ids: Ids) -> Floats:
        """Return log-normal numbers: `median` times or divided by about e**spread."""
        return np.asarray(median * np.exp(spread * self.normal(what, *ids)), dtype=np.float64)

    def pick(self, what: str, weights: tuple[float, ...], *ids: Ids) -> Ints:
        """Return indices into `weights`, in proportion to them."""
        edges = np.cumsum(np.asarray(weights))
        return np.asarray(np.searchsorted(edges, self.uniform(what, *ids) * edges[-1], side="right"), dtype=np.int64)
