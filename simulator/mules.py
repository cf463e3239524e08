"""Mule accounts: who receives stolen money. Half are ordinary people's rented accounts, half were opened lately.

A ring of eight accounts works for ten days and then is gone, so a mule is met more than once and a verdict that
comes after three days still helps against the rest of the ring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts

if TYPE_CHECKING:
    from simulator.dice import Bools, Dice, Ints
    from simulator.people import People

RING_DAYS = 10
RING_ACCOUNTS = 8
_RING_PEOPLE = 700
_RINGS_MAX = 1 << 22
_RENTED_SHARE = 0.5
_FIRST_DAY = 18_262  # 1 January 2020: ring numbers stay small


def ring_of(dice: Dice, people: People, day: Ints, case: Ints) -> Ints:
    """Return the ring, of those that are at work on that day, that runs a case."""
    at_once = max(2, len(people) // _RING_PEOPLE)
    period = np.maximum(0, day - _FIRST_DAY) // RING_DAYS
    return (period * at_once + dice.below("ring", at_once, case)) % _RINGS_MAX


def mule(dice: Dice, people: People, ring: Ints, member: Ints, *, shop: Bools | bool = False) -> Ints:
    """Return a ring's account: a rented one or a new one; as a shop always a new one."""
    rented = people.anybody(dice.uniform("rented", ring, member % RING_ACCOUNTS))
    opened = accounts.new_account(ring * RING_ACCOUNTS + member % RING_ACCOUNTS, shop=shop, honest=False)
    is_rented = dice.chance("is rented", _RENTED_SHARE, ring, member % RING_ACCOUNTS) & ~np.asarray(shop)
    return np.where(is_rented, rented, opened)


def rogue_device(ring: Ints, phone: Ints) -> Ints:
    """Return the number of a phone that belongs to a ring."""
    return (1 << 50) + ring * 64 + phone % 64
