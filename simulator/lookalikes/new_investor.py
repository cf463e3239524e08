"""New investor: gold, funds and a friend's chit fund, larger from week to week; looks like an investment scam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import merchants
from simulator.almanac import SALARIED
from simulator.lookalikes.hosts import host, opened
from simulator.merchants import told
from simulator.payments import INTENT, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 3 to 7 payments per case, hours to days apart, growing."""
    dice = world.dice.named("new_investor")
    steps = expand(cases, dice.whole("size", 3, 7, cases.number))
    start = world.daytime(dice, SALARIED, cases.day, cases.number)
    gaps_s = dice.decades("gap", 4 * 3600, 90 * 3600, steps.number, steps.step)
    broker = merchants.saver(dice.uniform("broker", steps.number))
    adviser = opened(dice, steps.number, shop=True)
    organiser = host(world, dice, steps.number, new_share=0.3)
    who = dice.pick("who", (4.0, 3.0, 3.0), steps.number, steps.step // 2)
    growth = dice.between("growth", 1.0, 1.9, steps.number)
    rupees = np.minimum(dice.decades("first", 500, 8000, steps.number) * growth**steps.step, 90_000)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        np.select([who == 0, who == 1], [broker, adviser], organiser),
        told(dice, rupees, steps.number, steps.step),
        mode=np.array([INTENT, QR, VPA])[dice.pick("mode", (3.0, 1.0, 1.0), steps.number)],
        failed=dice.chance("failed", 0.02, steps.number, steps.step),
        case=steps.number,
    )
