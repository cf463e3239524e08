"""People: walk of life, income, how often they pay, whom they know. Each person is a function of (seed, number)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts

if TYPE_CHECKING:
    from simulator.almanac import (
        Span,
    )
    from simulator.dice import Bools, Dice, Floats, Ints

_WALK_WEIGHTS = (38.0, 22.0, 14.0, 13.0, 6.0, 7.0)
_INCOME = np.array([30_000.0, 24_000.0, 7_000.0, 12_000.0, 21_000.0, 18_000.0])
_EAGERNESS = np.array([1.1, 1.15, 1.35, 0.75, 0.9, 0.45])
_TYPICAL_INCOME = 22_000.0
_DORMANT_SHARE = 0.05
_JOINING_SHARE = 0.12
_CONTACTS = 7
_KIN_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in the world, one per index; `joined_ms` is when the account was opened."""

    walk: Ints
    income: Floats
    spend: Floats
    joined_ms: Ints
    dormant: Bools
    active: Ints
    eager_total: Floats
    settled: Ints

    def __len__(self) -> int:
        return len(self.walk)

    def payer(self, uniform: Floats) -> Ints:
        """Return people for numbers in [0, 1), in proportion to how often they pay."""
        place = np.searchsorted(self.eager_total, uniform * self.eager_total[-1], side="right")
        payer: Ints = self.active[np.minimum(place, len(self.active) - 1)]
        return payer

    def anybody(self, uniform: Floats) -> Ints:
        """Return people who use UPI, all alike likely."""
        return self.active[np.asarray(uniform * len(self.active), dtype=np.int64)]

    def oldtimer(self, uniform: Floats) -> Ints:
        """Return people who had joined before the world's span."""
        return self.settled[np.asarray(uniform * len(self.settled), dtype=np.int64)]

    def sleeper(self, uniform: Floats) -> Ints:
        """Return people whose account has been dormant."""
        asleep = np.flatnonzero(self.dormant)
        return asleep[np.asarray(uniform * len(asleep), dtype=np.int64)]


def make_people(dice: Dice, towns: int, span: Span, *, settled: bool) -> People:
    """Return the people of the first `towns` towns; `settled` if all had joined before the span."""
    number = np.arange(towns * accounts.TOWN_PEOPLE, dtype=np.int64)
    walk = dice.pick("walk", _WALK_WEIGHTS, number)
    income = dice.around("income", _INCOME[walk], 0.55, number)
    dormant = dice.chance("dormant", _DORMANT_SHARE, number)
    dormant[:: accounts.TOWN_PEOPLE] = True  # every town has one, so that even the smallest world can show an awakening
    eagerness = np.where(dormant, 0.0, dice.around("eagerness", _EAGERNESS[walk], 0.75, number))
    place = dice.uniform("joined", number)
    joins = (place < _JOINING_SHARE) & (not settled) & ~dormant
    joined = span.start_ms + place / _JOINING_SHARE * 0.95 * (span.end_ms - span.start_ms)
    active = np.flatnonzero(~dormant)
    return People(
        walk=walk,
        income=income,
        spend=income / _TYPICAL_INCOME,
        joined_ms=np.where(joins, joined, 0).astype(np.int64),
        dormant=dormant,
        active=active,
        eager_total=np.cumsum(eagerness[active]),
        settled=np.flatnonzero(~dormant & ~joins),
    )


def contact(dice: Dice, person: Ints, rank: Ints) -> Ints:
    """Return the person's friend or relative of that rank (0 is the closest), mostly from the same town.

    Friends elsewhere live in towns of lower number, so that nobody's friends change when the world grows.
    """
    town = accounts.town_of(person)
    elsewhere = ~dice.chance("kin", _KIN_SHARE, person, rank)
    town = np.where(elsewhere, dice.below("far town", town + 1, person, rank), town)
    friend = town * accounts.TOWN_PEOPLE + dice.below("friend", accounts.TOWN_PEOPLE, person, rank)
    return not_self(person, friend)


def contact_rank(dice: Dice, *ids: Ints) -> Ints:
    """Return which contact is meant, close ones more often."""
    return (dice.uniform("rank", *ids) ** 2.0 * _CONTACTS).astype(np.int64)


def stranger(dice: Dice, person: Ints, *ids: Ints) -> Ints:
    """Return somebody in the person's town: a driver, a plumber, a seller."""
    home = accounts.town_of(person) * accounts.TOWN_PEOPLE
    return not_self(person, home + dice.below("stranger", accounts.TOWN_PEOPLE, *ids))


def not_self(person: Ints, other: Ints) -> Ints:
    """Return `other`, or the next person of the town where it is the person itself."""
    neighbour = other - other % accounts.TOWN_PEOPLE + (other + 1) % accounts.TOWN_PEOPLE
    return np.where(person == other, neighbour, other)
