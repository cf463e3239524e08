"""Investment scam: the victim pays willingly, from the own phone, ever more over days, to several payees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import SALARIED
from simulator.merchants import told
from simulator.payments import INTENT, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_SHOP_SHARE = 0.4
_MODES = (2.0, 1.0, 2.0)


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 4 to 8 payments per case, hours to days apart, each larger than the one before."""
    dice = world.dice.named("investment_scam")
    steps = expand(cases, dice.whole("size", 4, 8, cases.number))
    gaps_s = dice.decades("gap", 3 * 3600, 60 * 3600, steps.number, steps.step)
    start = world.daytime(dice, SALARIED, cases.day, cases.number)
    ring = world.ring(dice, steps.day, steps.number)
    first = dice.decades("first", 500, 6000, steps.number)
    growth = dice.between("growth", 1.25, 2.1, steps.number)
    rupees = np.minimum(first * growth**steps.step, 100_000)
    as_shop = dice.chance("as shop", _SHOP_SHARE, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        world.mule(ring, steps.number + steps.step // 2, shop=as_shop),
        told(dice, rupees, steps.number, steps.step),
        mode=np.array([INTENT, QR, VPA])[dice.pick("mode", _MODES, steps.number)],
        failed=dice.chance("failed", 0.02, steps.number, steps.step),
        case=steps.number,
    )
