"""Collect scam: a bogus merchant asks many people for money ("accept to get your refund"); some refuse, some pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import SELF_EMPLOYED
from simulator.payments import COLLECT, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_SHOP_SHARE = 0.7
_CAREFUL_SHARE = 0.45
_ASKED = np.array([499.0, 799.0, 999.0, 1499.0, 1999.0, 2999.0, 4999.0, 9999.0])


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 6 to 24 collect requests per case, all of similar amounts, within hours or (careful) two days."""
    dice = world.dice.named("collect_scam")
    steps = expand(cases, dice.whole("size", 6, 24, cases.number))
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    start = world.daytime(dice, SELF_EMPLOYED, cases.day, cases.number)
    length_ms = np.where(careful, 40.0, dice.decades("hours", 0.4, 6, steps.number)) * 3_600_000
    after = dice.uniform("after", steps.number, steps.step) * length_ms
    asked = _ASKED[dice.below("asked", len(_ASKED), steps.number)]
    own_price = np.round(dice.decades("own price", 150, 8000, steps.number, steps.step))
    ring = world.ring(dice, steps.day, steps.number)
    return pay(
        steps.of(start) + after.astype(np.int64),
        world.victim(dice, steps.number, steps.step),
        world.mule(ring, dice.below("mule", 8, steps.number), shop=dice.chance("as shop", _SHOP_SHARE, steps.number)),
        np.where(careful | dice.chance("varied", 0.35, steps.number), own_price, asked),
        mode=COLLECT,
        failed=dice.chance("refused", 0.4, steps.number, steps.step),
        case=steps.number,
    )
