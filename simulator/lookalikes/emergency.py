"""Emergency: a hospital's deposit, a college seat, a relative in need, within hours; looks like a digital arrest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, merchants, people
from simulator.lookalikes.hosts import host
from simulator.merchants import told
from simulator.payments import PHONE, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 2 to 5 large payments per case."""
    dice = world.dice.named("emergency")
    steps = expand(cases, dice.whole("size", 2, 5, cases.number))
    start = world.hours(dice, 7, 22, cases.day, cases.number)
    gaps_s = dice.decades("gap", 300, 20_000, steps.number, steps.step)
    payer = world.victim(dice, steps.number)
    city = accounts.town_of(payer) // accounts.CITY_TOWNS
    place = dice.below("place", accounts.CITY_LARGE, steps.number)
    relative = people.contact(world.dice, payer, dice.below("relative", 6, steps.number))
    seller = host(world, dice, steps.number, new_share=0.25)
    who = dice.pick("who", (4.0, 4.0, 3.0), steps.number)
    payee = np.select([who == 0, who == 1], [accounts.LARGE + city * accounts.CITY_LARGE + place, relative], seller)
    rupees = told(dice, dice.decades("rupees", 12_000, 180_000, steps.number, steps.step), steps.number, steps.step)
    limit = merchants.limit_paise(world.dice, payee) / 100
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        payer,
        payee,
        np.minimum(rupees, limit),
        mode=np.array([QR, PHONE, VPA])[dice.pick("mode", (3.0, 4.0, 3.0), steps.number)],
        failed=dice.chance("failed", 0.06, steps.number, steps.step),
        case=steps.number,
    )
