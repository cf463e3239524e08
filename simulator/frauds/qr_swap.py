"""QR swap: a sticker with the mule's QR covers a shop's own, and the shop's customers pay their usual amounts to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import accounts
from simulator.almanac import HOMEMAKER
from simulator.life import shopping
from simulator.payments import QR, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_SHOP_SHARE = 0.6


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 6 to 34 purchases per case over one to three days; nothing in one of them alone is unusual."""
    dice = world.dice.named("qr_swap")
    steps = expand(cases, dice.whole("size", 6, 34, cases.number))
    town = accounts.town_of(world.victim(dice, steps.number))
    payer = shopping.customer(world, dice, town, steps.number, steps.step)
    shop = accounts.SHOPS + town * accounts.TOWN_SHOPS + dice.below("shop", accounts.TOWN_SHOPS, steps.number)
    later = dice.below("days", dice.whole("last day", 1, 3, steps.number), steps.number, steps.step)
    day = steps.day + later
    ring = world.ring(dice, steps.day, steps.number)
    as_shop = dice.chance("as shop", _SHOP_SHARE, steps.number)
    return pay(
        world.daytime(dice, HOMEMAKER, day, steps.number, steps.step),
        payer,
        world.mule(ring, dice.below("mule", 8, steps.number), shop=as_shop),
        shopping.purchase(world, dice, payer, shop, steps.number, steps.step),
        mode=QR,
        failed=dice.chance("failed", 0.02, steps.number, steps.step),
        case=steps.number,
    )
