"""Mule fan-in: victims of many small scams pay one mule within hours; the mule then passes the sum on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import mules
from simulator.almanac import SELF_EMPLOYED
from simulator.merchants import told
from simulator.payments import OWN, PHONE, QR, VPA, Cases, Payments, concat, expand, pay

if TYPE_CHECKING:
    from simulator.dice import Ints
    from simulator.world import World

_CAREFUL_SHARE = 0.45
_LIMIT = 99_500.0
_MODES = (4.0, 1.0, 3.0, 3.0)


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 10 to 32 payments in and 2 to 5 out per case; careful rings take two days and fewer victims."""
    dice = world.dice.named("mule_fan_in")
    careful = dice.chance("careful", _CAREFUL_SHARE, cases.number)
    size = np.where(careful, dice.whole("few", 6, 14, cases.number), dice.whole("size", 10, 32, cases.number))
    hours = np.where(careful, 44.0, dice.decades("hours", 0.7, 8, cases.number))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    ring = world.ring(dice, cases.day, cases.number)
    mule = world.mule(ring, dice.below("mule", 8, cases.number))
    steps = expand(cases, size)
    after = dice.uniform("after", steps.number, steps.step) * hours[steps.row] * 3_600_000
    rupees = told(dice, dice.decades("rupees", 150, 12_000, steps.number, steps.step), steps.number, steps.step)
    inward = pay(
        steps.of(start) + after.astype(np.int64),
        world.victim(dice, steps.number, steps.step),
        steps.of(mule),
        rupees,
        mode=np.array([QR, QR, VPA, PHONE])[dice.pick("mode", _MODES, steps.number, steps.step)],
        failed=dice.chance("failed", 0.03, steps.number, steps.step),
        case=steps.number,
    )
    total = np.bincount(steps.row, rupees, minlength=len(cases)).astype(np.int64)
    end = start + (hours * 3_600_000).astype(np.int64)
    return concat([inward, _drain(world, cases, ring=ring, mule=mule, total=total, end=end)])


def _drain(world: World, cases: Cases, *, ring: Ints, mule: Ints, total: Ints, end: Ints) -> Payments:
    dice = world.dice.named("mule_fan_in drain")
    steps = expand(cases, dice.whole("size", 2, 5, cases.number))
    part = steps.of(total) / steps.size * dice.between("part", 0.85, 0.99, steps.number, steps.step)
    gaps_s = dice.decades("gap", 60, 3000, steps.number, steps.step) + 60
    own = dice.chance("own phone", 0.5, steps.number)
    return pay(
        steps.of(end) + (steps.running(gaps_s) * 1000).astype(np.int64) + 120_000,
        steps.of(mule),
        world.mule(steps.of(ring) + 1, dice.below("next", 6, steps.number, steps.step)),
        np.minimum(told(dice, part, steps.number, steps.step), _LIMIT),
        mode=VPA,
        device=np.where(own, OWN, mules.rogue_device(steps.of(ring), steps.number % 3)),
        case=steps.number,
    )
