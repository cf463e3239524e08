"""Homecoming: someone back from abroad spends from the old account again; looks like a dormant awakening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import people
from simulator.accounts import SHOPS, TOWN_SHOPS, town_of
from simulator.almanac import SELF_EMPLOYED
from simulator.life import shopping
from simulator.lookalikes.hosts import opened
from simulator.merchants import told
from simulator.payments import OWN, PHONE, QR, Cases, Payments, expand, pay
from simulator.traces import spare_phone

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 4 to 8 payments per case: perhaps one in, then a deposit, gifts and shopping."""
    dice = world.dice.named("homecoming")
    steps = expand(cases, dice.whole("size", 4, 8, cases.number))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    gaps_s = dice.decades("gap", 200, 25_000, steps.number, steps.step)
    sleeper = world.people.sleeper(dice.uniform("sleeper", steps.number))
    inward = (steps.step == 0) & dice.chance("inward", 0.6, steps.number)
    friend = people.contact(world.dice, sleeper, people.contact_rank(dice, steps.number, steps.step))
    shop = SHOPS + town_of(sleeper) * TOWN_SHOPS + dice.below("shop", TOWN_SHOPS, steps.number, steps.step)
    new = opened(dice, steps.number, shop=dice.chance("to a shop", 0.4, steps.number))
    who = dice.pick("who", (3.0, 3.0, 3.0), steps.number, steps.step)
    payee = np.select([who == 0, who == 1], [friend, shop], new)
    large = told(dice, dice.decades("rupees", 500, 50_000, steps.number, steps.step), steps.number, steps.step)
    spent = shopping.purchase(world, dice, sleeper, shop, steps.number, steps.step)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        np.where(inward, friend, sleeper),
        np.where(inward, sleeper, payee),
        np.where((who == 1) & ~inward, spent, large),
        mode=np.where(dice.chance("qr", 0.5, steps.number, steps.step), QR, PHONE),
        failed=dice.chance("failed", 0.04, steps.number, steps.step),
        device=np.where(~inward & dice.chance("new phone", 0.5, steps.number), spare_phone(sleeper, steps.day), OWN),
        case=steps.number,
    )
