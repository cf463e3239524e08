"""Probe-then-large: one or two payments of a few rupees to see that the account works, then large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import mules
from simulator.almanac import NIGHT_WORKER
from simulator.merchants import told
from simulator.payments import OWN, VPA, Cases, Payments, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_CAREFUL_SHARE = 0.45
_REMOTE_SHARE = 0.35


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 3 to 6 payments per case: 1 or 2 probes, then large ones minutes or (careful) hours later."""
    dice = world.dice.named("probe_then_large")
    steps = expand(cases, dice.whole("size", 3, 6, cases.number))
    probe = steps.step < dice.whole("probes", 1, 2, steps.number)
    careful = dice.chance("careful", _CAREFUL_SHARE, steps.number)
    slow = dice.decades("slow gap", 3000, 40_000, steps.number, steps.step)
    gaps_s = np.where(careful, slow, dice.decades("gap", 25, 1500, steps.number, steps.step))
    start = world.daytime(dice, NIGHT_WORKER, cases.day, cases.number)
    ring = world.ring(dice, steps.day, steps.number)
    large = told(dice, dice.decades("rupees", 1500, 60_000, steps.number, steps.step), steps.number, steps.step)
    remote = dice.chance("remote", _REMOTE_SHARE, steps.number)
    return pay(
        steps.of(start) + (steps.running(gaps_s) * 1000).astype(np.int64),
        world.victim(dice, steps.number),
        world.mule(ring, dice.below("mule", 8, steps.number)),
        np.where(probe, dice.whole("tiny", 1, 10, steps.number, steps.step).astype(np.float64), large),
        mode=VPA,
        failed=dice.chance("failed", 0.1, steps.number, steps.step),
        device=np.where(remote, OWN, mules.rogue_device(ring, steps.number % 8)),
        case=steps.number,
    )
