"""New phone: a device never seen, a failed PIN or two, then larger payments than usual; looks like a SIM swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import people
from simulator.almanac import SELF_EMPLOYED
from simulator.lookalikes.hosts import opened
from simulator.merchants import told
from simulator.payments import OWN, PHONE, QR, Cases, Payments, expand, pay
from simulator.traces import spare_phone

if TYPE_CHECKING:
    from simulator.world import World


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 3 to 7 payments per case over a day: to friends, family, the phone shop, a new payee."""
    dice = world.dice.named("new_phone")
    steps = expand(cases, dice.whole("size", 3, 7, cases.number))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    gaps_s = dice.decades("gap", 60, 14_000, steps.number, steps.step)
    payer = world.victim(dice, steps.number)
    friend = people.contact(world.dice, payer, people.contact_rank(dice, steps.number, steps.step))
    first_time = opened(dice, steps.number, shop=dice.chance("shop", 0.5, steps.number))
    stranger = people.stranger(dice, payer, steps.number, steps.step)
    who = dice.pick("who", (4.0, 2.0, 3.0), steps.number, steps.step)
    large = told(dice, dice.decades("rupees", 300, 60_000, steps.number, steps.step), steps.number, steps.step)
    abroad = dice.chance("abroad", 0.15, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        payer,
        np.select([who == 0, who == 1], [friend, first_time], stranger),
        large,
        mode=np.where(dice.chance("qr", 0.4, steps.number, steps.step), QR, PHONE),
        failed=dice.chance("failed", 0.14, steps.number, steps.step),
        device=spare_phone(payer, steps.day),
        place=np.where(abroad, world.lair(dice, steps.number), OWN),
        case=steps.number,
    )
