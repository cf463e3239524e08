"""Split payment: a contractor or a used car costs more than one UPI payment may carry; looks like structuring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import SELF_EMPLOYED
from simulator.lookalikes.hosts import host, opened
from simulator.payments import PHONE, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_CHUNKS = np.array([10_000.0, 20_000.0, 25_000.0, 49_000.0, 50_000.0, 99_000.0, 100_000.0, 100_000.0])


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 2 to 4 near-equal payments per case to one payee, minutes to a day apart."""
    dice = world.dice.named("split_payment")
    steps = expand(cases, dice.whole("size", 2, 4, cases.number))
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    gaps_s = dice.decades("gap", 60, 60_000, steps.number, steps.step)
    chunk = _CHUNKS[dice.below("chunk", len(_CHUNKS), steps.number)]
    cautious = dice.chance("below the limit", 0.35, steps.number)
    under = np.where(cautious, dice.between("under", 0.001, 0.05, steps.number, steps.step), 0.0)
    shop = opened(dice, steps.number, shop=True)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        np.where(dice.chance("to a shop", 0.3, steps.number), shop, host(world, dice, steps.number, new_share=0.2)),
        np.round(chunk * (1 - under)),
        mode=np.where(dice.chance("vpa", 0.5, steps.number), VPA, PHONE),
        failed=dice.chance("failed", 0.05, steps.number, steps.step),
        case=steps.number,
    )
