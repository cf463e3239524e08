"""New shop: every payer is new to it for days; looks like a fake merchant or a swapped QR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts
from simulator.almanac import HOMEMAKER
from simulator.life import shopping
from simulator.lookalikes.hosts import opened
from simulator.payments import INTENT, QR, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_PERSONAL_SHARE = 0.3  # small traders begin with a personal account


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 20 to 80 purchases per case over two to nine days, from one town or (on the web) from everywhere."""
    dice = world.dice.named("new_shop")
    steps = expand(cases, dice.whole("size", 20, 80, cases.number))
    town = accounts.town_of(world.victim(dice, steps.number))
    web = dice.chance("web", 0.5, steps.number)
    payer = np.where(
        web,
        world.victim(dice, steps.number, steps.step),
        shopping.customer(world, dice, town, steps.number, steps.step),
    )
    later = dice.below("days", dice.whole("last day", 2, 9, steps.number), steps.number, steps.step)
    like = accounts.SHOPS + dice.below("like", 1 << 20, steps.number)
    rupees = shopping.purchase(world, dice, payer, like, steps.number, steps.step)
    festive = dice.chance("offer", 0.6, steps.number)
    offer = np.array([199.0, 299.0, 499.0, 799.0, 999.0, 1499.0, 2499.0])
    return pay(
        world.daytime(dice, HOMEMAKER, steps.day + later, steps.number, steps.step),
        payer,
        opened(dice, steps.number, shop=~dice.chance("personal", _PERSONAL_SHARE, steps.number)),
        np.where(festive & web, offer[dice.below("price", len(offer), steps.number, steps.step)], rupees),
        mode=np.where(web, INTENT, QR),
        failed=dice.chance("failed", 0.025, steps.number, steps.step),
        case=steps.number,
    )
