"""Structuring: a large sum cut into payments that each stay just under a limit at which questions are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import SELF_EMPLOYED
from simulator.payments import PHONE, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_LIMITS = np.array([10_000.0, 20_000.0, 50_000.0, 100_000.0])
_WEIGHTS = (2.0, 2.0, 4.0, 2.0)
_CAREFUL_SHARE = 0.45


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 3 to 7 payments per case, minutes or (careful) most of a day apart."""
    dice = world.dice.named("structuring")
    steps = expand(cases, dice.whole("size", 3, 7, cases.number))
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    slow = dice.decades("slow gap", 10_000, 70_000, steps.number, steps.step)
    gaps_s = np.where(careful, slow, dice.decades("gap", 120, 5000, steps.number, steps.step))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    ring = world.ring(dice, steps.day, steps.number)
    limit = _LIMITS[dice.pick("limit", _WEIGHTS, steps.number)]
    under = dice.between("under", 0.0005, np.where(careful, 0.12, 0.03), steps.number, steps.step)
    rented = dice.chance("rented", 0.6, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        np.where(rented, world.mule(ring, steps.number % 4), world.victim(dice, steps.number)),
        world.mule(ring, 4 + dice.below("mule", 2, steps.number, steps.step)),
        np.round(limit * (1 - under)),
        mode=np.where(dice.chance("vpa", 0.5, steps.number), VPA, PHONE),
        failed=dice.chance("failed", 0.03, steps.number, steps.step),
        case=steps.number,
    )
