"""Shared phone: a shop's agent or a grandchild pays for several people from one phone; looks like a device farm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, people
from simulator.almanac import HOMEMAKER
from simulator.life import shopping
from simulator.payments import QR, VPA, Cases, Payments, expand, pay
from simulator.traces import own_phone

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 5 to 15 payments per case by 3 to 6 neighbours, all from the helper's phone."""
    dice = world.dice.named("shared_phone")
    steps = expand(cases, dice.whole("size", 5, 15, cases.number))
    start = world.daytime(dice, HOMEMAKER, cases.day, cases.number)
    gaps_s = dice.decades("gap", 40, 4000, steps.number, steps.step)
    helper = world.victim(dice, steps.number)
    town = accounts.town_of(helper)
    payer = shopping.customer(world, dice, town, steps.number, steps.step % dice.whole("persons", 3, 6, steps.number))
    shop = accounts.SHOPS + town * accounts.TOWN_SHOPS + dice.below("shop", accounts.TOWN_SHOPS, steps.number)
    friend = people.contact(world.dice, payer, people.contact_rank(dice, steps.number, steps.step))
    time_ms = steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64)
    at_shop = dice.chance("at the shop", 0.6, steps.number)
    return pay(
        time_ms,
        payer,
        np.where(at_shop, shop, friend),
        shopping.purchase(world, dice, payer, shop, steps.number, steps.step),
        mode=np.where(at_shop, QR, VPA),
        failed=dice.chance("failed", 0.05, steps.number, steps.step),
        device=own_phone(world.dice, helper, time_ms),
        case=steps.number,
    )
