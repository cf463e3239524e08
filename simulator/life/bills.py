"""Bills: each person's own few billers, about the same amount each time, often by mandate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, merchants
from simulator.payments import COLLECT, INTENT, MANDATE, Payments, pay

if TYPE_CHECKING:
    from simulator.dice import Dice, Ints
    from simulator.world import World

_BILLERS = 3
_MODES = (50.0, 42.0, 8.0)


def bill(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return bill payments to the payer's own billers."""
    rank = dice.below("biller", _BILLERS, number)
    biller = accounts.NATIONAL + world.dice.below("own biller", accounts.NATIONAL_COUNT, payer, rank)
    usual = merchants.price(world.dice, world.dice.named("bill"), biller, world.people.spend[payer], payer, rank)
    rupees = np.round(usual * dice.around("this month", 1.0, 0.08, number), 2)
    mode = np.array([INTENT, MANDATE, COLLECT])[dice.pick("bill mode", _MODES, number)]
    return pay(time_ms, payer, biller, rupees, mode=mode)
