"""Person to person: friends sharing costs, help for the family, and people met once (a driver, a plumber, a seller)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, people
from simulator.merchants import told, whole
from simulator.payments import COLLECT, PHONE, QR, VPA, Payments, pay

if TYPE_CHECKING:
    from simulator.dice import Dice, Floats, Ints
    from simulator.world import World

_FRIEND_MODES = (52.0, 26.0, 16.0, 6.0)
_ROUND = np.array([1.0, 10.0, 50.0, 100.0, 500.0])
_ROUND_WEIGHTS = (30.0, 25.0, 20.0, 20.0, 5.0)
_LAKH = 100_000.0
_PASSING_SHARE = 0.4
_PASSERS_BY = 200  # to a town
_DEAR_SHARE = 0.06


def friend(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return payments to friends: lunch, a ticket, a loan paid back."""
    payee = people.contact(world.dice, payer, people.contact_rank(dice, number))
    spend = np.sqrt(world.people.spend[payer])
    rupees = whole(dice.around("friend rupees", 320.0 * spend, 1.25, number), _rounding(dice, number))
    return pay(time_ms, payer, payee, np.minimum(rupees, _LAKH), mode=_mode(dice, number))


def family(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return large payments to the closest two: household money, savings moved, fees shared."""
    payee = people.contact(world.dice, payer, dice.below("closest", 2, number))
    rupees = whole(dice.around("family rupees", 0.22 * world.people.income[payer], 0.9, number), 100.0)
    return pay(time_ms, payer, payee, np.minimum(rupees, _LAKH), mode=_mode(dice, number))


def stranger(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return payments to somebody in town whom the payer may never meet again."""
    neighbour = people.stranger(dice, payer, number)
    payee = np.where(dice.chance("passing", _PASSING_SHARE, number), _passer_by(dice, payer, number), neighbour)
    spend = np.sqrt(world.people.spend[payer])
    small = whole(dice.around("stranger rupees", 210.0 * spend, 1.2, number), 10.0)
    dear = told(dice, dice.decades("second hand", 1000, 60_000, number), number)
    rupees = np.where(dice.chance("is dear", _DEAR_SHARE, number), dear, small)
    mode = np.where(dice.chance("by qr", 0.6, number), QR, _mode(dice, number))
    return pay(time_ms, payer, payee, np.minimum(rupees, _LAKH), mode=mode)


def _passer_by(dice: Dice, payer: Ints, number: Ints) -> Ints:
    """Return somebody who only ever takes money in this town: an auto driver, a stall holder, a private seller."""
    town = payer // accounts.TOWN_PEOPLE
    place = (dice.uniform("passer-by", number) ** 1.5 * _PASSERS_BY).astype(np.int64)
    return accounts.new_account(town * _PASSERS_BY + place, shop=False, honest=True)


def _mode(dice: Dice, number: Ints) -> Ints:
    return np.array([PHONE, VPA, QR, COLLECT])[dice.pick("friend mode", _FRIEND_MODES, number)]


def _rounding(dice: Dice, number: Ints) -> Floats:
    return _ROUND[dice.pick("rounding", _ROUND_WEIGHTS, number)]
