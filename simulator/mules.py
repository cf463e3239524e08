"""Mule accounts: who receives stolen money. Most are ordinary people's rented accounts, the others were opened lately.

A ring of eight accounts works for six days and then is gone, so a verdict that comes after three days helps against
some of what the ring still does, not against most. Opened accounts are aged first (see life/aging.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts

if TYPE_CHECKING:
    from simulator.dice import Bools, Dice, Ints
    from simulator.people import People

RING_DAYS = 6
RING_ACCOUNTS = 8
_RING_PEOPLE = 250
_RINGS_MAX = 1 << 22
_RENTED_SHARE = 0.6
_FIRST_DAY = 18_262  # 1 January 2020: ring numbers stay small


def ring_of(dice: Dice, people: People, day: Ints, case: Ints) -> Ints:
    """Return the ring, of those that are at work on that day, that runs a case."""
    at_once = rings_at_once(people)
    return (period_of(day) * at_once + dice.below("ring", at_once, case)) % _RINGS_MAX


def rings_at_once(people: People) -> int:
    """Return how many rings are at work at any time."""
    return max(3, len(people) // _RING_PEOPLE)


def period_of(day: Ints) -> Ints:
    """Return which of the successive generations of rings is at work on a day."""
    return np.maximum(0, day - _FIRST_DAY) // RING_DAYS


def opened_for(dice: Dice, people: People, period: int) -> tuple[Ints, Ints]:
    """Return the people's accounts opened for one generation of rings, and the day on which it goes to work."""
    rings = period * rings_at_once(people) + np.arange(rings_at_once(people), dtype=np.int64)
    ring, member = np.repeat(rings % _RINGS_MAX, RING_ACCOUNTS), np.tile(np.arange(RING_ACCOUNTS), len(rings))
    account = mule(dice, people, ring, member)
    account = account[account >= accounts.NEW_PEOPLE]
    return account, np.full(len(account), _FIRST_DAY + period * RING_DAYS, dtype=np.int64)


def mule(dice: Dice, people: People, ring: Ints, member: Ints, *, shop: Bools | bool = False) -> Ints:
    """Return a ring's account: a rented one or a new one; as a shop always a new one."""
    rented = people.anybody(dice.uniform("rented", ring, member % RING_ACCOUNTS))
    opened = accounts.new_account(ring * RING_ACCOUNTS + member % RING_ACCOUNTS, shop=shop, honest=False)
    is_rented = dice.chance("is rented", _RENTED_SHARE, ring, member % RING_ACCOUNTS) & ~np.asarray(shop)
    return np.where(is_rented, rented, opened)


def rogue_device(ring: Ints, phone: Ints) -> Ints:
    """Return the number of a phone that belongs to a ring."""
    return (1 << 50) + ring * 64 + phone % 64
