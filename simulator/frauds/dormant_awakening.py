"""Dormant awakening: an account silent for weeks takes in a stranger's money and sends it on in large payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import mules
from simulator.almanac import SELF_EMPLOYED
from simulator.merchants import told
from simulator.payments import OWN, PHONE, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_CAREFUL_SHARE = 0.45


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 4 to 8 payments per case: one or two in, the rest out of the dormant account."""
    dice = world.dice.named("dormant_awakening")
    steps = expand(cases, dice.whole("size", 4, 8, cases.number))
    inward = steps.step < dice.whole("inward", 1, 2, steps.number)
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    slow = dice.decades("slow gap", 4000, 30_000, steps.number, steps.step)
    gaps_s = np.where(careful, slow, dice.decades("gap", 90, 4000, steps.number, steps.step))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    ring = world.ring(dice, steps.day, steps.number)
    sleeper = world.people.sleeper(dice.uniform("sleeper", steps.number))
    rogue = ~inward & dice.chance("rogue", 0.5, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        np.where(inward, world.victim(dice, steps.number, steps.step), sleeper),
        np.where(inward, sleeper, world.mule(ring, dice.below("mule", 4, steps.number, steps.step))),
        told(dice, dice.decades("rupees", 1200, 50_000, steps.number, steps.step), steps.number, steps.step),
        mode=np.where(dice.chance("vpa", 0.5, steps.number), VPA, PHONE),
        failed=dice.chance("failed", 0.04, steps.number, steps.step),
        device=np.where(rogue, mules.rogue_device(ring, steps.number % 8), OWN),
        case=steps.number,
    )
