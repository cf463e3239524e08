"""Gathering: wedding gifts, a class trip, society dues, all paid to one person; looks like mule fan-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts
from simulator.almanac import SALARIED
from simulator.life import shopping
from simulator.lookalikes.hosts import host
from simulator.payments import PHONE, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_NEW_HOST_SHARE = 0.4
_EQUAL_SHARE = 0.5
_GIFTS = np.array([101.0, 251.0, 501.0, 1000.0, 1100.0, 2100.0, 5000.0])
_DUES = np.array([200.0, 350.0, 500.0, 800.0, 1500.0, 2500.0, 6000.0])


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 12 to 40 payments per case within an hour to three days, equal dues or gifts as people like."""
    dice = world.dice.named("gathering")
    steps = expand(cases, dice.whole("size", 12, 40, cases.number))
    start = world.daytime(dice, SALARIED, cases.day, cases.number)
    hours = dice.decades("hours", 0.7, 70, steps.number)
    town = accounts.town_of(world.victim(dice, steps.number))
    neighbour = shopping.customer(world, dice, town, steps.number, steps.step)
    from_afar = dice.chance("from afar", 0.45, steps.number, steps.step)
    equal = dice.chance("equal", _EQUAL_SHARE, steps.number)
    gift = _GIFTS[dice.below("gift", len(_GIFTS), steps.number, steps.step)]
    due = _DUES[dice.below("due", len(_DUES), steps.number)]
    generous = np.where(dice.chance("generous", 0.08, steps.number, steps.step), 4.0, 1.0)
    return pay(
        steps.of(start) + (dice.uniform("after", steps.number, steps.step) * hours * 3_600_000).astype(np.int64),
        np.where(from_afar, world.victim(dice, steps.number, steps.step), neighbour),
        host(world, dice, steps.number, new_share=_NEW_HOST_SHARE),
        np.where(equal, due, gift * generous),
        mode=np.array([QR, PHONE, VPA])[dice.pick("mode", (5.0, 3.0, 2.0), steps.number, steps.step)],
        failed=dice.chance("failed", 0.03, steps.number, steps.step),
        case=steps.number,
    )
