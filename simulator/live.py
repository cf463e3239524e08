"""The world going on, live: an endless, seeded sequence of payments by the people of a history with the same seed.

Days cannot be squeezed into a minute honestly, so the live world differs from a history in two ways: an episode's
length is cut to `case_seconds` (its steps keep their order and proportions), and nobody lives faster than the stream
needs: payers come in turn, and a shop that was just paid passes its customer on to a national merchant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, IST_OFFSET_MS, SECOND_MS
from simulator import accounts, merchants, traces
from simulator.almanac import Span
from simulator.feed import EpisodeFeed
from simulator.frauds import FRAUDS
from simulator.history import LOOKALIKE_SHARE
from simulator.life.ordinary import what
from simulator.life.shopping import favourite_national
from simulator.lookalikes import LOOKALIKES
from simulator.payments import Payments, concat
from simulator.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.dice import Ints

UNPACED_RATE = 20_000.0
_TURNS_MAX = 3  # of the most active people, for one of the middling
_BLOCK_SECONDS = 0.5
_BLOCK_MIN, _BLOCK_MAX = 256, 16_384
_PASSED_ON = -1
_QUIET_LOCAL_MS, _QUIET_LARGE_MS = 60_000, 10_000


@dataclass(frozen=True, slots=True)
class LivePlan:
    """What live world to make: `rate` in payments a second (0 counts as 20,000), `start_ms` the first one's time."""

    seed: int
    start_ms: int
    rate: float = 100.0
    people: int = 15_000
    prevalence: float = 0.036
    case_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class LiveBlock:
    """Payments in order, `time_ms` as scheduled; `ids` counts them from 0."""

    payments: Payments
    ids: Ints


def live_world(seed: int, start_ms: int, **wishes: float) -> Iterator[LiveBlock]:
    """Yield blocks of live payments without end; `wishes` are further fields of LivePlan.

    >>> block = next(live_world(7, 1_767_225_600_000, rate=1000, people=500))
    >>> len(block.payments), int(block.payments.time_ms[1] - block.payments.time_ms[0])
    (500, 1)
    """
    plan = LivePlan(seed, start_ms, **wishes)  # type: ignore[arg-type]
    return live_blocks(plan, live_population(plan))


def live_population(plan: LivePlan) -> World:
    """Return the world of a plan: the first people of every history of that seed, all settled."""
    return make_world(plan.seed, plan.people, Span((plan.start_ms + IST_OFFSET_MS) // DAY_MS, 1), settled=True)


def live_blocks(plan: LivePlan, world: World) -> Iterator[LiveBlock]:
    """Yield the blocks of a plan's live payments, each a fraction of a second long, without end."""
    rate = plan.rate or UNPACED_RATE
    size = int(np.clip(rate * _BLOCK_SECONDS, _BLOCK_MIN, _BLOCK_MAX))
    honest = LOOKALIKE_SHARE * (1 - plan.prevalence)
    case_ms = plan.case_seconds * SECOND_MS
    feeds = (
        EpisodeFeed(world, FRAUDS, share=plan.prevalence, start_ms=plan.start_ms, case_ms=case_ms, is_fraud=True),
        EpisodeFeed(world, LOOKALIKES, share=honest, start_ms=plan.start_ms, case_ms=case_ms, is_fraud=False),
    )
    for feed in feeds:
        feed.settle(plan.start_ms, rate / SECOND_MS)
    walkers = _Walkers(world, plan)
    first = 0
    while True:
        ids = np.arange(first, first + size, dtype=np.int64)
        slot_ms = plan.start_ms + ids * (SECOND_MS / rate)
        begin, end = slot_ms[0], slot_ms[0] + size * SECOND_MS / rate
        room = size
        parts: list[Payments] = []
        for feed in feeds:
            parts.append(feed.due(begin, end, size, room))
            room -= len(parts[-1])
        parts.append(walkers.payments(room, begin, end))
        payments = concat(parts)
        payments = payments.take(np.argsort(payments.time_ms, kind="stable"))
        payments.time_ms = slot_ms.astype(np.int64)
        merchants.respect_limits(world.dice, payments)
        traces.settle(world, payments)
        yield LiveBlock(payments, ids)
        first += size


class _Walkers:
    """Ordinary payers, taking turns; and the shops that they leave alone for a while after each payment."""

    def __init__(self, world: World, plan: LivePlan) -> None:
        self.world = world
        self.dice = world.dice.named(f"live {plan.start_ms} ")
        eager = np.diff(world.people.eager_total, prepend=0.0)
        turns = np.clip(np.round(eager / np.median(eager)), 0, _TURNS_MAX).astype(np.int64)
        order = np.repeat(world.people.active, turns)
        place = np.arange(len(order), dtype=np.int64)
        self.order = order[np.argsort(self.dice.bits("turn", order, place), kind="stable")]
        self.taken = 0
        self.first_number = plan.start_ms << 20
        self.last_paid: dict[int, float] = {}

    def payments(self, count: int, begin: float, end: float) -> Payments:
        """Return `count` ordinary payments within [begin, end) ms."""
        step = np.arange(self.taken, self.taken + count, dtype=np.int64)
        self.taken += count
        payer = self.order[step % len(self.order)]
        time_ms = self.dice.between("moment", begin, end, step).astype(np.int64)
        payments = what(self.world, self.first_number + step, payer, time_ms)
        self._pass_on(payments, step, begin)
        return payments

    def _pass_on(self, payments: Payments, step: Ints, now_ms: float) -> None:
        """Send customers of shops that were paid a moment ago to national merchants, in place."""
        payee = payments.payee
        shops = np.flatnonzero((payee >= accounts.SHOPS) & (payee < accounts.NATIONAL))
        for row in shops.tolist():
            shop = int(payee[row])
            quiet_ms = _QUIET_LARGE_MS if shop >= accounts.LARGE else _QUIET_LOCAL_MS
            if now_ms - self.last_paid.get(shop, -quiet_ms) < quiet_ms:
                payee[row] = _PASSED_ON
            else:
                self.last_paid[shop] = now_ms
        moved = np.flatnonzero(payee == _PASSED_ON)
        payee[moved] = favourite_national(self.world, payments.payer[moved], step[moved] % 3)
