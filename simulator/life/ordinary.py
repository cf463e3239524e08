"""Who pays when, and what for: ordinary payments by number, so that any block of them can be made alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import MINUTE_MS
from simulator.almanac import at, day_weights, usual_hour
from simulator.life import bills, friends, shopping
from simulator.payments import Payments, concat

if TYPE_CHECKING:
    from simulator.dice import Ints
    from simulator.world import World

_KINDS = (
    shopping.local,
    shopping.large,
    shopping.national,
    friends.friend,
    friends.stranger,
    bills.bill,
    friends.family,
)
_KIND_WEIGHTS = (
    (30, 13, 22, 19, 7, 7, 2),  # salaried
    (38, 12, 13, 16, 12, 6, 3),  # self-employed
    (30, 12, 28, 24, 4, 2, 0.3),  # student
    (44, 14, 13, 14, 7, 7, 1),  # homemaker
    (31, 11, 24, 20, 8, 5, 1),  # night worker
    (42, 14, 9, 13, 9, 11, 2),  # retired
)
_KIND_EDGES = np.cumsum(np.array(_KIND_WEIGHTS) / np.sum(_KIND_WEIGHTS, axis=1, keepdims=True), axis=1)
_FAILED_SHARE = 0.013
_NAME = "ordinary"


def when(world: World, numbers: Ints) -> tuple[Ints, Ints]:
    """Return payers and times (epoch ms) of ordinary payments: habits of day and hour by walk of life."""
    dice = world.dice.named(_NAME)
    payer = world.people.payer(dice.uniform("payer", numbers))
    walk = world.people.walk[payer]
    weights = day_weights(world.dice, world.span.all_days)
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    place = dice.uniform("day", numbers)
    day = np.zeros(len(numbers), dtype=np.int64)
    for one, row in enumerate(edges):
        mine = walk == one
        day[mine] = np.minimum(np.searchsorted(row, place[mine], side="right"), world.span.days - 1)
    early = world.dice.normal("early riser", payer) * 0.8  # hours by which this person's day is shifted
    hour = usual_hour(walk, dice.uniform("hour", numbers)) + early
    time_ms = at(world.span.start_day + day, np.mod(hour, 24.0))
    early_bird = time_ms < world.people.joined_ms[payer]  # the account did not exist yet: an older one pays instead
    stand_in = world.people.oldtimer(dice.uniform("stand-in", numbers))
    return np.where(early_bird, stand_in, payer), time_ms


def what(world: World, numbers: Ints, payer: Ints, time_ms: Ints) -> Payments:
    """Return the ordinary payments that these payers make at these times, in the order of the numbers."""
    dice = world.dice.named(_NAME)
    place = dice.uniform("kind", numbers)
    kind = (place[:, None] >= _KIND_EDGES[world.people.walk[payer]]).sum(axis=1)
    parts, rows = [], []
    for one, make in enumerate(_KINDS):
        mine = np.flatnonzero(kind == one)
        parts.append(make(world, dice, payer[mine], time_ms[mine], numbers[mine]))
        rows.append(mine)
    payments = concat(parts).take(np.argsort(np.concatenate(rows), kind="stable"))
    payments.failed |= dice.chance("failed", _FAILED_SHARE, numbers)
    return payments


def retries(world: World, payments: Payments, numbers: Ints) -> Payments:
    """Return failed first tries of the given payments, seconds to minutes before them."""
    dice = world.dice.named("retry")
    tries = payments.take(slice(None))
    wait_ms = dice.decades("wait", 4000.0, 4.0 * MINUTE_MS, numbers).astype(np.int64)
    tries.time_ms = np.maximum(payments.time_ms - wait_ms, world.span.start_ms)
    tries.failed = np.ones(len(payments), dtype=np.bool_)
    return tries
