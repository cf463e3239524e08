"""Collect round: a cable agent, a tuition centre or a society asks all its members; looks like a collect scam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts
from simulator.almanac import SELF_EMPLOYED
from simulator.life import shopping
from simulator.lookalikes.hosts import opened
from simulator.payments import COLLECT, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_ASKED = np.array([150.0, 299.0, 450.0, 500.0, 750.0, 999.0, 1200.0, 2500.0, 4000.0])


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 8 to 24 collect requests per case within a day and a half; some forget to accept."""
    dice = world.dice.named("collect_round")
    steps = expand(cases, dice.whole("size", 8, 24, cases.number))
    town = accounts.town_of(world.victim(dice, steps.number))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    hours = dice.decades("hours", 0.5, 36, steps.number)
    old = accounts.SHOPS + town * accounts.TOWN_SHOPS + dice.below("agent", accounts.TOWN_SHOPS, steps.number)
    new = opened(dice, steps.number, shop=dice.chance("shop", 0.7, steps.number))
    spread = dice.chance("from everywhere", 0.4, steps.number)
    member = shopping.customer(world, dice, town, steps.number, steps.step)
    asked = _ASKED[dice.below("asked", len(_ASKED), steps.number)]
    own = np.round(dice.decades("own price", 100, 6000, steps.number, steps.step))
    return pay(
        steps.of(start) + (dice.uniform("after", steps.number, steps.step) * hours * 3_600_000).astype(np.int64),
        np.where(spread, world.victim(dice, steps.number, steps.step), member),
        np.where(dice.chance("new", 0.5, steps.number), new, old),
        np.where(dice.chance("varied", 0.35, steps.number), own, asked),
        mode=COLLECT,
        failed=dice.chance("refused", 0.2, steps.number, steps.step),
        case=steps.number,
    )
