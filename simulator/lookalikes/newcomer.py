"""Newcomer: an account opened lately gets money from the family and makes its first payments; like a throw-away one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts
from simulator.almanac import STUDENT
from simulator.life import shopping
from simulator.lookalikes.hosts import opened
from simulator.merchants import told
from simulator.payments import PHONE, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 5 to 13 payments per case over days: a welcome rupee, some in, more out."""
    dice = world.dice.named("newcomer")
    steps = expand(cases, dice.whole("size", 5, 13, cases.number))
    start = world.daytime(dice, STUDENT, cases.day, cases.number)
    gaps_s = dice.decades("gap", 300, 90_000, steps.number, steps.step)
    newcomer = opened(dice, steps.number, shop=False)
    relative = world.victim(dice, steps.number, steps.step % 3)
    town = accounts.town_of(world.victim(dice, steps.number))
    shop = (
        accounts.SHOPS + town * accounts.TOWN_SHOPS + dice.below("shop", accounts.TOWN_SHOPS, steps.number, steps.step)
    )
    inward = (steps.step > 0) & dice.chance("inward", 0.4, steps.number, steps.step)
    to_shop = dice.chance("to a shop", 0.6, steps.number, steps.step)
    rupees = told(dice, dice.decades("rupees", 30, 20_000, steps.number, steps.step), steps.number, steps.step)
    bought = shopping.purchase(world, dice, relative, shop, steps.number, steps.step)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        np.where(inward, relative, newcomer),
        np.where(inward, newcomer, np.where(to_shop, shop, relative)),
        np.where(steps.step == 0, 1.0, np.where(to_shop & ~inward, bought, rupees)),
        mode=np.array([QR, PHONE, VPA])[dice.pick("mode", (5.0, 3.0, 2.0), steps.number, steps.step)],
        failed=dice.chance("failed", 0.05, steps.number, steps.step),
        case=steps.number,
    )
