"""Velocity takeover: somebody has the victim's account and empties it in many quick payments to a few mules."""

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
_NIGHT_SHARE = 0.4
_REMOTE_SHARE = 0.25  # through a screen-sharing app on the victim's own phone


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 5 to 12 payments per case, within minutes, or within hours where the thief is careful."""
    dice = world.dice.named("velocity_takeover")
    steps = expand(cases, dice.whole("size", 5, 12, cases.number))
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    night = dice.chance("night", _NIGHT_SHARE, cases.number)
    start = np.where(
        night,
        world.hours(dice, 22.5, 28.5, cases.day, cases.number),
        world.daytime(dice, SALARIED, cases.day, cases.number),
    )
    gaps_s = np.where(careful, dice.decades("slow gap", 300, 3000, steps.number, steps.step),
                      dice.decades("gap", 6, 100, steps.number, steps.step))  # fmt: skip
    victim = world.victim(dice, steps.number)
    ring = world.ring(dice, steps.day, steps.number)
    large = told(dice, dice.decades("rupees", 400, 18_000, steps.number, steps.step), steps.number, steps.step)
    rupees = np.where(careful, world.small_change(dice, victim, steps.number, steps.step) * 2, large)
    remote = dice.chance("remote", _REMOTE_SHARE, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        victim,
        world.mule(ring, dice.below("mule", 5, steps.number, steps.step)),
        rupees,
        mode=np.where(dice.chance("vpa", 0.6, steps.number), VPA, PHONE),
        failed=dice.chance("failed", 0.08, steps.number, steps.step),
        device=np.where(remote, OWN, mules.rogue_device(ring, steps.number)),
        place=np.where(remote, OWN, world.lair(dice, steps.number)),
        case=steps.number,
    )
