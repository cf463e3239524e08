"""Account numbers: which number is a person, a shop, an employer; and the seeded shuffle that hides it from names.

```
0         people                        250 to a town, 8 towns to a city
SHOPS     20 local shops to a town      LARGE  40 large merchants to a city     NATIONAL  60 merchants for all
EMPLOYERS 6 to a city                   NEW_PEOPLE, NEW_SHOPS  accounts opened lately: even numbers by
                                        fraud rings, odd ones by honest people; nothing outside shows which
```
"""

from __future__ import annotations

import numpy as np

from simulator.dice import Bits, Bools, Ints, as_ints, mix

TOWN_PEOPLE = 250
TOWN_SHOPS = 20
CITY_TOWNS = 8
CITY_LARGE = 40
CITY_EMPLOYERS = 6
NATIONAL_COUNT = 60

PEOPLE_MAX = 1 << 24
SHOPS = 1 << 24
LARGE = SHOPS + (1 << 22)
NATIONAL = LARGE + (1 << 22)
EMPLOYERS = NATIONAL + (1 << 22)
NEW_PEOPLE = 1 << 26
NEW_SHOPS = 1 << 27
ACCOUNT_BITS = 28
_HALF_BITS = np.uint64(ACCOUNT_BITS // 2)
_HALF_MASK = np.uint64((1 << (ACCOUNT_BITS // 2)) - 1)
_NEW_EACH = (1 << 26) // 2
_ROUNDS = 4


def is_entity(account: Ints) -> Bools:
    """Return True for merchants and employers, False for people."""
    return ((account >= SHOPS) & (account < NEW_PEOPLE)) | (account >= NEW_SHOPS)


def town_of(person: Ints) -> Ints:
    """Return the town in which a person lives."""
    return person // TOWN_PEOPLE


def new_account(number: Ints, *, shop: Bools | bool, honest: bool) -> Ints:
    """Return the account opened under a running number, as a person or as a shop."""
    base = np.where(np.asarray(shop), NEW_SHOPS, NEW_PEOPLE)
    return base + (number % _NEW_EACH) * 2 + int(honest)


def shuffled(seed: int, account: Ints) -> Ints:
    """Return each account's place in a seeded shuffle of all 2**28 numbers (a Feistel network: one to one).

    >>> len(set(shuffled(7, np.arange(1000)).tolist()))
    1000
    """
    bits: Bits = as_ints(account).view(np.uint64)
    left, right = bits >> _HALF_BITS, bits & _HALF_MASK
    for turn in range(_ROUNDS):
        key = np.uint64((seed * 1_000_003 + turn * 7919 + 1) & 0xFFFFFFFFFFFF)
        left, right = right, left ^ (mix(right + key) & _HALF_MASK)
    return ((left << _HALF_BITS) | right).view(np.int64)
