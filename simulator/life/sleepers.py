"""Dormant people's last payments, in the first days of a history; after them their accounts are silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS
from simulator.life.ordinary import what

if TYPE_CHECKING:
    from simulator.payments import Payments
    from simulator.world import World

_EACH = 3
_PART_OF_SPAN = 0.12
_FIRST_NUMBER = 1 << 40  # above every ordinary payment's number


def last_payments(world: World, limit: int) -> Payments:
    """Return at most `limit` payments by people who then fall silent."""
    person = np.repeat(np.flatnonzero(world.people.dormant), _EACH)[:limit]
    numbers = _FIRST_NUMBER + np.arange(len(person), dtype=np.int64)
    length_ms = world.span.days * DAY_MS * _PART_OF_SPAN
    time_ms = world.span.start_ms + (world.dice.uniform("last payment", numbers) * length_ms).astype(np.int64)
    return what(world, numbers, person, time_ms)
