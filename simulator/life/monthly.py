"""What comes once a month: salaries (one payer, hundreds of payees within minutes), rent, instalments by mandate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, merchants, people
from simulator.almanac import SALARIED, at, month, month_start
from simulator.payments import INTENT, MANDATE, PHONE, VPA, Payments, concat, pay

if TYPE_CHECKING:
    from simulator.dice import Dice, Ints
    from simulator.world import World

_PAYDAYS = np.array([-1, 0, 0, 4, 6])  # counted from the first of the month: -1 is the last day of the month before
_SALARY_MAX = 100_000
_RENT_SHARE = 0.28
_INSTALMENT_SHARE = 0.15
_LANDLORD_RANK = 30


def monthly(world: World, limit: int) -> Payments:
    """Return at most `limit` monthly payments within the world's span."""
    dice = world.dice.named("monthly")
    months = np.unique(month(np.append(world.span.all_days, world.span.start_day + world.span.days)))
    parts = [make(world, dice, first) for first in month_start(months) for make in (_salaries, _rents, _instalments)]
    payments = concat(parts)
    inside = payments.time_ms >= np.maximum(world.span.start_ms, _joined(world, payments.payer))
    payments = payments.take(inside & (payments.time_ms < world.span.end_ms))
    return payments.take(np.argsort(dice.bits("which", payments.case, payments.time_ms), kind="stable")[:limit])


def _joined(world: World, payer: Ints) -> Ints:
    person = payer < accounts.SHOPS
    return np.where(person, world.people.joined_ms[np.where(person, payer, 0)], 0)


def _salaries(world: World, dice: Dice, first: int) -> Payments:
    person = np.flatnonzero((world.people.walk == SALARIED) & (world.people.income < _SALARY_MAX))
    city = accounts.town_of(person) // accounts.CITY_TOWNS
    employer = accounts.EMPLOYERS + city * accounts.CITY_EMPLOYERS
    employer += dice.below("employer", accounts.CITY_EMPLOYERS, person)
    day = first + _PAYDAYS[dice.below("payday", len(_PAYDAYS), employer)]
    hour = dice.between("hour", 9.0, 17.0, employer, day) + dice.uniform("place in the run", person, day) * 0.4
    rupees = np.round(world.people.income[person])
    return pay(at(day, hour), employer, person, rupees, mode=VPA, case=person)


def _rents(world: World, dice: Dice, first: int) -> Payments:
    person = world.people.active[dice.chance("rents", _RENT_SHARE, world.people.active)]
    landlord = people.contact(world.dice, person, np.full(len(person), _LANDLORD_RANK))
    day = first + dice.below("rent day", 8, person)
    hour = dice.between("rent hour", 8.0, 22.0, person, day)
    rupees = np.round(np.clip(world.people.income[person] * 0.27, 2500, 60_000) / 500) * 500
    return pay(at(day, hour), person, landlord, rupees, mode=PHONE, case=person)


def _instalments(world: World, dice: Dice, first: int) -> Payments:
    person = world.people.active[dice.chance("saves", _INSTALMENT_SHARE, world.people.active)]
    fund = merchants.saver(dice.uniform("fund", person))
    day = first + dice.below("fund day", 28, person)
    hour = dice.between("fund hour", 5.0, 11.0, person, day)
    rupees = np.round(np.clip(world.people.income[person] * 0.06, 500, 20_000) / 500) * 500
    mode = np.where(dice.chance("mandate", 0.8, person), MANDATE, INTENT)
    return pay(at(day, hour), person, fund, rupees, mode=mode, case=person)
