"""Fake merchant: a web shop that never delivers; strangers from everywhere pay tempting prices for a few days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import STUDENT
from simulator.merchants import told
from simulator.payments import INTENT, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_PRICES = np.array([299.0, 499.0, 799.0, 999.0, 1299.0, 1499.0, 1999.0, 2499.0, 4999.0])
_MODES = (6.0, 3.0, 1.0)


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 12 to 44 purchases per case over one to four days, at three price points."""
    dice = world.dice.named("fake_merchant")
    steps = expand(cases, dice.whole("size", 12, 44, cases.number))
    later = dice.below("days", dice.whole("last day", 1, 4, steps.number), steps.number, steps.step)
    ring = world.ring(dice, steps.day, steps.number)
    item = dice.below("first price", len(_PRICES) - 2, steps.number) + dice.below("item", 3, steps.number, steps.step)
    delivery = np.where(dice.chance("delivery", 0.3, steps.number), 49.0, 0.0)
    own_price = told(dice, dice.around("own price", 700.0, 0.9, steps.number, steps.step), steps.number, steps.step)
    return pay(
        world.daytime(dice, STUDENT, steps.day + later, steps.number, steps.step),
        world.victim(dice, steps.number, steps.step),
        world.mule(ring, dice.below("mule", 8, steps.number), shop=True),
        np.where(dice.chance("varied", 0.4, steps.number), own_price, _PRICES[item] + delivery),
        mode=np.array([INTENT, QR, VPA])[dice.pick("mode", _MODES, steps.number, steps.step)],
        failed=dice.chance("failed", 0.03, steps.number, steps.step),
        case=steps.number,
    )
