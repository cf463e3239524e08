"""Device farm: one phone works several rented accounts, which in turn pay one collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import mules
from simulator.almanac import NIGHT_WORKER
from simulator.payments import PHONE, QR, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_COLLECTOR = 7
_CAREFUL_SHARE = 0.45
_MODES = (1.0, 1.0, 1.0)


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 8 to 28 payments per case by 4 to 7 accounts, all from one or two devices."""
    dice = world.dice.named("device_farm")
    steps = expand(cases, dice.whole("size", 8, 28, cases.number))
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    slow = dice.decades("slow gap", 900, 12_000, steps.number, steps.step)
    gaps_s = np.where(careful, slow, dice.decades("gap", 10, 400, steps.number, steps.step))
    start = world.daytime(dice, NIGHT_WORKER, cases.day, cases.number)
    ring = world.ring(dice, steps.day, steps.number)
    member = steps.step % dice.whole("accounts", 4, 7, steps.number)
    shop = dice.chance("as shop", 0.5, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.mule(ring, member),
        world.mule(ring, np.full(len(steps.row), _COLLECTOR), shop=shop),
        np.round(dice.decades("rupees", 40, 2000, steps.number, steps.step)),
        mode=np.array([PHONE, QR, VPA])[dice.pick("mode", _MODES, steps.number)],
        failed=dice.chance("failed", 0.05, steps.number, steps.step),
        device=mules.rogue_device(ring, member % dice.whole("phones", 1, 2, steps.number)),
        case=steps.number,
    )
