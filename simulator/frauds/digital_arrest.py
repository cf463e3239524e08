"""Digital arrest: a frightened victim, kept on a video call, pays a few very large sums to "verify" the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.payments import PHONE, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 2 to 5 payments per case within office hours, from the victim's own phone."""
    dice = world.dice.named("digital_arrest")
    steps = expand(cases, dice.whole("size", 2, 5, cases.number))
    start = world.hours(dice, 9.5, 17, cases.day, cases.number)
    gaps_s = dice.decades("gap", 400, 9000, steps.number, steps.step)
    ring = world.ring(dice, steps.day, steps.number)
    rupees = np.round(dice.decades("rupees", 25_000, 125_000, steps.number, steps.step), -3)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        world.mule(ring, dice.below("mule", 3, steps.number, steps.step)),
        np.minimum(rupees, 100_000),
        mode=np.where(dice.chance("vpa", 0.5, steps.number), VPA, PHONE),
        failed=dice.chance("failed", 0.06, steps.number, steps.step),
        case=steps.number,
    )
