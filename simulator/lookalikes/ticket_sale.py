"""Ticket sale: hundreds of new payers, same prices, within hours; looks like mule fan-in or a fake merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import STUDENT
from simulator.lookalikes.hosts import opened
from simulator.payments import INTENT, QR, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_PRICES = np.array([99.0, 150.0, 250.0, 499.0, 750.0, 999.0, 1999.0, 3500.0])


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 25 to 95 tickets per case, most soon after the sale opens."""
    dice = world.dice.named("ticket_sale")
    steps = expand(cases, dice.whole("size", 25, 95, cases.number))
    start = world.daytime(dice, STUDENT, cases.day, cases.number)
    hours = dice.decades("hours", 0.3, 30, steps.number)
    after = dice.uniform("after", steps.number, steps.step) ** 2.5 * hours * 3_600_000
    price = dice.below("price", len(_PRICES) - 1, steps.number) + dice.below("stand", 2, steps.number, steps.step)
    seats = 1 + dice.below("seats", 4, steps.number, steps.step)
    return pay(
        steps.of(start) + after.astype(np.int64),
        world.victim(dice, steps.number, steps.step),
        opened(dice, steps.number, shop=~dice.chance("by a student", 0.25, steps.number)),
        _PRICES[price] * seats,
        mode=np.where(dice.chance("qr", 0.3, steps.number, steps.step), QR, INTENT),
        failed=dice.chance("failed", 0.05, steps.number, steps.step),
        case=steps.number,
    )
