"""Market trip: a dozen stalls paid within half an hour, many for the first time; looks like a velocity takeover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, merchants
from simulator.almanac import HOMEMAKER
from simulator.payments import QR, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_LATE_SHARE = 0.25
_STALL_SHARE = 0.35  # stalls whose owner takes money on a personal account


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 4 to 11 small payments per case, by day at markets, late at night at food stalls."""
    dice = world.dice.named("market_trip")
    steps = expand(cases, dice.whole("size", 4, 11, cases.number))
    late = dice.chance("late", _LATE_SHARE, cases.number)
    start = np.where(
        late,
        world.hours(dice, 21.5, 26, cases.day, cases.number),
        world.daytime(dice, HOMEMAKER, cases.day, cases.number),
    )
    gaps_s = dice.decades("gap", 20, 500, steps.number, steps.step)
    payer = world.victim(dice, steps.number)
    town = np.where(
        late[steps.row], accounts.town_of(payer), dice.below("town", accounts.town_of(payer) + 1, steps.number)
    )
    place = dice.below("stall", accounts.TOWN_SHOPS, steps.number, steps.step)
    shop = accounts.SHOPS + town * accounts.TOWN_SHOPS + place
    owner = town * accounts.TOWN_PEOPLE + dice.below("owner", accounts.TOWN_PEOPLE, steps.number, steps.step)
    by_owner = dice.chance("stall owner", _STALL_SHARE, steps.number, steps.step)
    spend = world.people.spend[payer]
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        payer,
        np.where(by_owner, owner, shop),
        merchants.price(world.dice, dice, shop, spend * 3, steps.number, steps.step),
        mode=QR,
        failed=dice.chance("failed", 0.04, steps.number, steps.step),
        place=world.place(town),
        case=steps.number,
    )
