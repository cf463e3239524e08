"""Episodes: what frauds and their honest look-alikes share, and how a quota of payments is filled with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, HOUR_MS, IST_OFFSET_MS
from features.errors import SimulatorError
from simulator.payments import Cases, Payments, concat, nothing
from simulator.world import World

if TYPE_CHECKING:
    from simulator.dice import Ints

Plan = Callable[[World, Cases], Payments]
_ATTEMPTS_MAX = 40
_WAKING_HOUR = 6.0
_PUT_OFF_HOURS = 7
_ASLEEP_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Episode:
    """A kind of episode: its part of all such payments, payments per case on average, how cases are laid out.

    `sleeps` if the payers are people going about their day: few of them pay in the small hours.
    """

    name: str
    share: float
    size: float
    plan: Plan
    sleeps: bool = True


def quotas(episodes: tuple[Episode, ...], total: int, *, start: int = 0) -> list[int]:
    """Share `total` payments out by the episodes' shares, by largest remainder; every episode gets one if it can.

    >>> quotas((Episode("a", 3, 1, None), Episode("b", 1, 1, None)), 9)  # type: ignore[arg-type]
    [7, 2]
    """
    shares = np.array([episode.share for episode in episodes])
    ideal = total * shares / shares.sum()
    counts = np.floor(ideal).astype(np.int64)
    if total >= len(episodes):
        counts = np.maximum(counts, 1)
    order = np.argsort(counts - ideal, kind="stable")
    order = np.roll(order, -(start % len(order)))
    missing = int(total - counts.sum())
    for turn in range(abs(missing)):
        place = order[turn % len(order)] if missing > 0 else int(np.argmax(counts))
        counts[place] += 1 if missing > 0 else -1
    return [int(count) for count in counts]


def fill(world: World, episode: Episode, quota: int, *, first_day: int | None = None) -> Payments:
    """Return exactly `quota` payments of an episode within the world's span, begun on `first_day` or later.

    The last case may be cut short. SimulatorError if the span is too short to hold them.
    """
    if quota == 0:
        return nothing()
    start = world.span.start_day if first_day is None else first_day
    days = world.span.start_day + world.span.days - start
    parts: list[Payments] = []
    have = number = 0
    for _ in range(_ATTEMPTS_MAX):
        count = int((quota - have) / episode.size * 1.2) + 2
        part = _lay_out(world, episode, np.arange(number, number + count, dtype=np.int64), start, days)
        parts.append(part)
        have += len(part)
        number += count
        if have >= quota:
            return concat(parts).take(slice(0, quota))
    raise SimulatorError(f"{quota} payments of {episode.name} do not fit into {days} days: choose more --days")


def _lay_out(world: World, episode: Episode, numbers: Ints, start: int, days: int) -> Payments:
    day = start + world.dice.named(episode.name).below("day", days, numbers)
    payments = whole_cases(world, episode, Cases(numbers, day))
    return payments.take((payments.time_ms >= world.span.start_ms) & (payments.time_ms < world.span.end_ms))


def whole_cases(world: World, episode: Episode, cases: Cases) -> Payments:
    """Return all payments of the cases, case by case, each in order of time."""
    payments = episode.plan(world, cases)
    payments = payments.take(payments.payer != payments.payee)
    if episode.sleeps:
        _sleep(world, payments)
    return payments.take(np.lexsort((payments.time_ms, payments.case)))


def _sleep(world: World, payments: Payments) -> None:
    """Put most payments that fall into the small hours off until the morning, in place."""
    hour = (payments.time_ms + IST_OFFSET_MS) % DAY_MS / HOUR_MS
    asleep = (hour < _WAKING_HOUR) & world.dice.chance("asleep", _ASLEEP_SHARE, payments.case, payments.payer)
    payments.time_ms = payments.time_ms + np.where(asleep, _PUT_OFF_HOURS * HOUR_MS, 0)
