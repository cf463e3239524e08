"""The world: everybody in it, and the questions that episodes ask about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.errors import SimulatorError
from simulator import accounts, mules, people
from simulator.almanac import Span, at, usual_hour
from simulator.dice import Bools, Dice, Floats, Ints
from simulator.words import PLACES

PEOPLE_MIN, PEOPLE_MAX = accounts.TOWN_PEOPLE, 4_000_000


@dataclass(frozen=True, slots=True)
class World:
    """A seeded population over a span of days; the first n towns are the same in every world of that seed."""

    dice: Dice
    people: people.People
    span: Span

    def victim(self, dice: Dice, *ids: Ints) -> Ints:
        """Return people whom fraud (or chance) meets, all alike likely."""
        return self.people.anybody(dice.uniform("victim", *ids))

    def ring(self, dice: Dice, day: Ints, case: Ints) -> Ints:
        """Return the fraud ring that runs a case begun on that day."""
        return mules.ring_of(dice, self.people, day, case)

    def mule(self, ring: Ints, member: Ints, *, shop: Bools | bool = False) -> Ints:
        """Return an account of a ring."""
        return mules.mule(self.dice, self.people, ring, member, shop=shop)

    def place(self, town: Ints) -> Ints:
        """Return the index into PLACES of the city that a town belongs to."""
        return self.dice.below("place", len(PLACES), town)

    def home(self, account: Ints) -> Ints:
        """Return the town of an account: a person's own; accounts opened lately live somewhere in the world too."""
        towns = len(self.people) // accounts.TOWN_PEOPLE
        person = account < accounts.PEOPLE_MAX
        return np.where(person, accounts.town_of(account), self.dice.below("home", towns, account))

    def lair(self, dice: Dice, *ids: Ints) -> Ints:
        """Return the place of a thief, who lives where people live."""
        return self.place(accounts.town_of(self.people.anybody(dice.uniform("lair", *ids))))

    def daytime(self, dice: Dice, walk: int, day: Ints, *ids: Ints) -> Ints:
        """Return a moment of that day as a walk of life pays, epoch ms."""
        return at(day, usual_hour(np.full(len(day), walk), dice.uniform("daytime", *ids)))

    def hours(self, dice: Dice, low: float, high: float, day: Ints, *ids: Ints) -> Ints:
        """Return a moment of that day between two hours, epoch ms; hours over 24 are the next day's."""
        return at(day, dice.between("hours", low, high, *ids))

    def small_change(self, dice: Dice, payer: Ints, *ids: Ints) -> Floats:
        """Return what this payer pays on an ordinary day, in rupees."""
        spend = np.sqrt(self.people.spend[payer])
        return np.round(dice.around("small change", 260.0 * spend, 0.9, *ids)) + 1


def make_world(seed: int, people_count: int, span: Span, *, settled: bool = False) -> World:
    """Return a world of at least `people_count` people, in whole towns; SimulatorError if it cannot be made."""
    if not 1 <= people_count <= PEOPLE_MAX:
        raise SimulatorError(f"a world needs 1 to {PEOPLE_MAX} people; got {people_count}: choose another --people")
    towns = -(-people_count // accounts.TOWN_PEOPLE)
    dice = Dice(seed)
    return World(dice, people.make_people(dice.named("people"), towns, span, settled=settled), span)
