"""SIM swap: the victim's number moves to the thief's phone; a failed try or two, then a few large payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import mules
from simulator.almanac import SELF_EMPLOYED
from simulator.merchants import told
from simulator.payments import PHONE, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_CAREFUL_SHARE = 0.45


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 3 to 6 payments per case from a device the victim never used."""
    dice = world.dice.named("sim_swap")
    steps = expand(cases, dice.whole("size", 3, 6, cases.number))
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    start = np.where(
        dice.chance("evening", 0.5, cases.number),
        world.hours(dice, 19, 26, cases.day, cases.number),
        world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number),
    )
    slow = dice.decades("slow gap", 1800, 20_000, steps.number, steps.step)
    gaps_s = np.where(careful, slow, dice.decades("gap", 40, 900, steps.number, steps.step))
    ring = world.ring(dice, steps.day, steps.number)
    rupees = np.where(
        careful,
        dice.decades("less", 1500, 15_000, steps.number, steps.step),
        dice.decades("rupees", 5000, 100_000, steps.number, steps.step),
    )
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        world.mule(ring, dice.below("mule", 3, steps.number, steps.step)),
        told(dice, rupees, steps.number, steps.step),
        mode=np.where(dice.chance("vpa", 0.5, steps.number), VPA, PHONE),
        failed=(steps.step < steps.size - 1) & dice.chance("failed", 0.18, steps.number, steps.step),
        device=mules.rogue_device(ring, dice.below("phone", 64, steps.number)),
        place=world.lair(dice, steps.number),
        case=steps.number,
    )
