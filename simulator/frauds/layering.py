"""Pass-through layering: a large sum comes in and leaves within minutes, split over two layers of mules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import mules
from simulator.almanac import SALARIED
from simulator.merchants import told
from simulator.payments import OWN, PHONE, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_CAREFUL_SHARE = 0.45
_PAYER = np.array([-1, 0, 0, 0, 1, 1, 2, 2, 3, 3])  # who pays in each step: -1 the victim, then mules of the ring
_PAYEE = np.array([0, 1, 2, 3, 4, 5, 5, 6, 6, 7])
_PART = np.array([1.0, 0.34, 0.33, 0.31, 0.17, 0.16, 0.17, 0.15, 0.16, 0.14])


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 5 to 10 payments per case: in, out to three, on to the next; careful rings wait hours between."""
    dice = world.dice.named("layering")
    steps = expand(cases, dice.whole("size", 5, 10, cases.number))
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    slow = dice.decades("slow gap", 2400, 15_000, steps.number, steps.step)
    gaps_s = np.where(careful, slow, dice.decades("gap", 30, 500, steps.number, steps.step))
    start = world.daytime(dice, SALARIED, cases.day, cases.number)
    ring = world.ring(dice, steps.day, steps.number)
    payer = world.mule(ring, _PAYER[steps.step])
    sum_rupees = dice.decades("rupees", 9000, 99_000, steps.number)
    kept = dice.between("kept", 0.95, 1.0, steps.number, steps.step)
    rogue = (steps.step > 0) & dice.chance("rogue", 0.5, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        np.where(steps.step == 0, world.victim(dice, steps.number), payer),
        world.mule(ring, _PAYEE[steps.step]),
        told(dice, sum_rupees * _PART[steps.step] * kept, steps.number, steps.step),
        mode=np.where(dice.chance("vpa", 0.6, steps.number, steps.step), VPA, PHONE),
        failed=dice.chance("failed", 0.03, steps.number, steps.step),
        device=np.where(rogue, mules.rogue_device(ring, _PAYER[steps.step] % 4), OWN),
        case=steps.number,
    )
