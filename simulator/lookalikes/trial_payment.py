"""Trial payment: one rupee to see that it is the right landlord, then the deposit; looks like probe-then-large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import SELF_EMPLOYED
from simulator.lookalikes.hosts import host, opened
from simulator.merchants import told
from simulator.payments import VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 2 or 3 payments per case: a rupee or ten, then large ones."""
    dice = world.dice.named("trial_payment")
    steps = expand(cases, dice.whole("size", 2, 3, cases.number))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    gaps_s = dice.decades("gap", 30, 6000, steps.number, steps.step)
    person = host(world, dice, steps.number, new_share=0.3)
    shop = opened(dice, steps.number, shop=True)
    large = told(dice, dice.decades("rupees", 1500, 90_000, steps.number, steps.step), steps.number, steps.step)
    tiny = dice.whole("tiny", 1, 10, steps.number).astype(np.float64)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        np.where(dice.chance("to a shop", 0.3, steps.number), shop, person),
        np.where(steps.step == 0, tiny, large),
        mode=VPA,
        failed=dice.chance("failed", 0.05, steps.number, steps.step),
        case=steps.number,
    )
