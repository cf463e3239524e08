"""Treasurer: a group's shares come in and leave within the hour for hotel and bus; looks like layering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.almanac import SALARIED
from simulator.lookalikes.hosts import host, opened
from simulator.payments import PHONE, QR, VPA, Cases, Payments, concat, expand, pay

if TYPE_CHECKING:
    from simulator.world import World

_LIMIT = 99_000.0


def plan(world: World, cases: Cases) -> Payments:
    """Lay out 3 to 15 payments in and 1 to 4 out per case, minutes to hours after."""
    dice = world.dice.named("treasurer")
    steps = expand(cases, dice.whole("size", 3, 15, cases.number))
    start = world.daytime(dice, SALARIED, cases.day, cases.number)
    treasurer = host(world, dice, cases.number, new_share=0.2)
    share = np.round(dice.decades("share", 400, 15_000, cases.number), -2)
    minutes = dice.decades("minutes", 10, 300, cases.number)
    after = dice.uniform("after", steps.number, steps.step) * minutes[steps.row] * 60_000
    inward = pay(
        steps.of(start) + after.astype(np.int64),
        world.victim(dice, steps.number, steps.step),
        steps.of(treasurer),
        share[steps.row] * dice.whole("persons", 1, 2, steps.number, steps.step),
        mode=np.where(dice.chance("qr", 0.5, steps.number, steps.step), QR, PHONE),
        failed=dice.chance("failed", 0.03, steps.number, steps.step),
        case=steps.number,
    )
    total = share * dice.whole("size", 3, 15, cases.number) * 1.4
    out = expand(cases, dice.whole("bills", 1, 4, cases.number))
    gaps_s = dice.decades("gap", 90, 8000, out.number, out.step) + 60
    end = start + (minutes * 60_000).astype(np.int64)
    vendor = opened(dice, out.number * 4 + out.step, shop=dice.chance("vendor shop", 0.6, out.number, out.step))
    known = world.people.anybody(dice.uniform("known vendor", out.number, out.step))
    outward = pay(
        out.of(end) + (out.running(gaps_s) * 1000).astype(np.int64) + 200_000,
        out.of(treasurer),
        np.where(dice.chance("new vendor", 0.5, out.number, out.step), vendor, known),
        np.minimum(
            np.round(total[out.row] / out.size * dice.between("part", 0.7, 1, out.number, out.step), -1), _LIMIT
        ),
        mode=VPA,
        case=out.number,
    )
    return concat([inward, outward])
