"""Aging: accounts opened for fraud live a little first, small sums in and out, so that they do not look brand-new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts, mules
from simulator.almanac import at, usual_hour
from simulator.merchants import told
from simulator.payments import PHONE, QR, Payments, concat, nothing, pay

if TYPE_CHECKING:
    from simulator.world import World

_EACH = 5
_DAYS_BEFORE = 24
_DAYS_WITHIN = 4
_USED_SHARE = 0.75
_INWARD_SHARE = 0.6


def aging(world: World, limit: int) -> Payments:
    """Return at most `limit` payments, honest on their face, to and by accounts that rings will use."""
    days = np.array([world.span.start_day, world.span.start_day + world.span.days + _DAYS_BEFORE])
    first, last = mules.period_of(days).tolist()
    parts = [_of_generation(world, period) for period in range(first, last + 1)]
    payments = concat([nothing(), *parts])
    payments = payments.take((payments.time_ms >= world.span.start_ms) & (payments.time_ms < world.span.end_ms))
    return payments.take(slice(0, limit))


def _of_generation(world: World, period: int) -> Payments:
    dice = world.dice.named("aging")
    account, work_day = mules.opened_for(world.dice, world.people, period)
    used = dice.chance("aged", _USED_SHARE, account)
    account, turn = np.repeat(account[used], _EACH), np.tile(np.arange(_EACH), int(used.sum()))
    before = dice.whole("days before", -_DAYS_WITHIN, _DAYS_BEFORE, account, turn)
    day = np.repeat(work_day[used], _EACH) - before
    other = world.victim(dice, account, turn % 2)
    town = accounts.town_of(other)
    shop = accounts.SHOPS + town * accounts.TOWN_SHOPS + dice.below("shop", accounts.TOWN_SHOPS, account, turn)
    inward = dice.chance("inward", _INWARD_SHARE, account, turn)
    rupees = told(dice, dice.decades("rupees", 20, 6000, account, turn), account, turn)
    return pay(
        at(day, usual_hour(np.zeros(len(day), dtype=np.int64), dice.uniform("hour", account, turn))),
        np.where(inward, other, account),
        np.where(inward, account, shop),
        rupees,
        mode=np.where(dice.chance("qr", 0.5, account, turn), QR, PHONE),
    )
