"""A whole history: fraud, look-alikes, monthly payments and ordinary life, exactly N payments in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.errors import SimulatorError
from simulator import merchants, traces
from simulator.episodes import Episode, fill, quotas
from simulator.frauds import FRAUDS
from simulator.life import aging, monthly, ordinary, sleepers
from simulator.lookalikes import LOOKALIKES
from simulator.payments import Payments, concat
from simulator.world import World, make_world

if TYPE_CHECKING:
    from simulator.almanac import Span
    from simulator.dice import Ints
    from simulator.progress import Progress

PAYMENTS_PER_PERSON_DAY = 0.6
LOOKALIKE_SHARE = 0.1
_MONTHLY_SHARE_MAX = 0.1
_SLEEPER_SHARE_MAX = 0.02
_AGING_SHARE_MAX = 0.03
_RETRY_SHARE = 0.02
_BLOCK = 262_144


@dataclass(frozen=True, slots=True)
class HistoryPlan:
    """What history to make. `people` None means as many as make 0.6 payments a day each.

    `emerging` names a fraud that nobody commits before `emerging_day` (counted from 0): drift.
    """

    transactions: int
    span: Span
    seed: int
    prevalence: float = 0.036
    people: int | None = None
    emerging: str | None = None
    emerging_day: int = 0

    def people_count(self) -> int:
        """Return how many people the world has."""
        if self.people is not None:
            return self.people
        return max(1, round(self.transactions / self.span.days / PAYMENTS_PER_PERSON_DAY))

    def check(self) -> None:
        """Raise SimulatorError if no such history can be made."""
        if self.transactions < 1 or self.span.days < 1:
            raise SimulatorError(
                f"a history needs at least 1 payment and 1 day; got {self.transactions} and {self.span.days}: "
                "choose other --transactions or --days"
            )
        if not 0 <= self.emerging_day < self.span.days:
            raise SimulatorError(f"--emerging-day needs one of {self.span.days} days from 0; got {self.emerging_day}")
        if not 0 <= self.prevalence <= 0.5:
            raise SimulatorError(f"--prevalence needs a share from 0 to 0.5; got {self.prevalence}")
        if self.emerging is not None and self.emerging not in {fraud.name for fraud in FRAUDS}:
            known = ", ".join(fraud.name for fraud in FRAUDS)
            raise SimulatorError(f"--emerging needs one of {known}; got {self.emerging!r}")


def make_history(plan: HistoryPlan, progress: Progress) -> tuple[World, Payments, Ints]:
    """Return the world, exactly `plan.transactions` payments in order of time, and their ids' numbers."""
    plan.check()
    world = make_world(plan.seed, plan.people_count(), plan.span)
    fraud_count = round(plan.transactions * plan.prevalence)
    frauds = _episodes(world, FRAUDS, fraud_count, progress, plan, is_fraud=True)
    honest = plan.transactions - fraud_count
    lookalikes = _episodes(world, LOOKALIKES, int(honest * LOOKALIKE_SHARE), progress, plan, is_fraud=False)
    rest = honest - sum(len(part) for part in lookalikes)
    life = _life(world, rest, progress)
    payments = concat([*frauds, *lookalikes, *life])
    merchants.respect_limits(world.dice, payments)
    traces.settle(world, payments)
    ids = np.arange(len(payments), dtype=np.int64)
    order = np.lexsort((world.dice.bits("tie", ids), payments.time_ms))
    return world, payments.take(order), ids[order]


def _episodes(
    world: World, episodes: tuple[Episode, ...], total: int, progress: Progress, plan: HistoryPlan, *, is_fraud: bool
) -> list[Payments]:
    parts = []
    for code, (episode, quota) in enumerate(
        zip(episodes, quotas(episodes, total, start=world.dice.seed), strict=True), start=1
    ):
        first_day = plan.span.start_day + plan.emerging_day if episode.name == plan.emerging else None
        part = fill(world, episode, quota, first_day=first_day)
        part.fraud[:] = code if is_fraud else 0
        parts.append(part)
        progress.advance(quota)
    return parts


def _life(world: World, count: int, progress: Progress) -> list[Payments]:
    """Return `count` payments of ordinary life."""
    once = monthly.monthly(world, int(count * _MONTHLY_SHARE_MAX))
    asleep = sleepers.last_payments(world, int(count * _SLEEPER_SHARE_MAX))
    aged = aging.aging(world, int(count * _AGING_SHARE_MAX))
    left = count - len(once) - len(asleep) - len(aged)
    tries = int(left * _RETRY_SHARE)
    parts = [once, asleep, aged]
    progress.advance(len(once) + len(asleep) + len(aged))
    for start in range(0, left - tries, _BLOCK):
        numbers = np.arange(start, min(start + _BLOCK, left - tries), dtype=np.int64)
        payer, time_ms = ordinary.when(world, numbers)
        block = ordinary.what(world, numbers, payer, time_ms)
        parts.append(block)
        tried = slice(0, max(0, min(len(block), tries - start)))  # numbers tell nothing, so the first ones will do
        parts.append(ordinary.retries(world, block.take(tried), numbers[tried]))
        progress.advance(len(block) + len(parts[-1]))
    return parts
