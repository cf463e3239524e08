"""What one seed does: how many workers, what load, which faults and when. A pure function of the seed.

Faults are switched per seed (swarm testing): a trial in which everything happens at once hides what two faults alone
would show.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

KINDS = (
    "kill",  # kill -9 of a worker at a random moment, started again
    "kill-in-recovery",  # kill -9 again and again while it starts and restores
    "kill-at-output",  # kill -9 the moment a decision is seen: between outputs and changelog
    "freeze",  # SIGSTOP past the session timeout, then SIGCONT: a zombie
    "freeze-at-output",  # the same, between outputs and changelog
    "stutter",  # many short SIGSTOPs
    "join",  # one more worker
    "leave",  # an orderly stop, and back
    "wipe",  # kill -9, and its directory is gone
    "tear",  # kill -9, and files of its directory are cut or garbled
    "full-disk",  # no byte is left on its disk for some seconds
    "slow-disk",  # each access to its disk takes up to a tenth of a second
    "clock-jump",  # its wall clock jumps minutes back or most of an hour ahead, and back again
    "broker-kill",  # kill -9 of Kafka, started again
    "broker-restart",  # an orderly restart of Kafka
    "broker-freeze",  # SIGSTOP of Kafka for some seconds
    "broker-away",  # no Kafka for longer than a worker waits for an answer
)
MAYBE = 0.35
FAULTS_MAX = 5


@dataclass(frozen=True)
class Fault:
    """One fault: `after_s` is the pause before it, `dice` the seed of what it draws itself."""

    kind: str
    after_s: float
    dice: int


@dataclass(frozen=True)
class Plan:
    """Everything that a seed decides."""

    seed: int
    workers: int
    rate: int
    payments_min: int
    pace: int
    compression: str | None
    commit_linger_s: float
    cache_mb: int
    backlog: bool
    fresh_probe: bool
    faults: tuple[Fault, ...]

    def text(self) -> str:
        """Return the plan in one line."""
        faults = " ".join(fault.kind for fault in self.faults) or "none"
        load = f"{self.rate}/s x{self.pace}{' backlog' if self.backlog else ''} {self.compression or 'plain'}"
        return f"{self.workers} workers, {load}, linger {self.commit_linger_s} s: {faults}"


def make_plan(seed: int, only: tuple[str, ...] = ()) -> Plan:
    """Return the plan of a seed; `only` switches every other kind of fault off."""
    dice = random.Random(seed)
    kinds = [kind for kind in KINDS if dice.random() < MAYBE] or [dice.choice(KINDS)]
    if only:
        kinds = [kind for kind in KINDS if kind in only]
    count = dice.randint(1, FAULTS_MAX)
    faults = [Fault(dice.choice(kinds), round(dice.uniform(0.2, 3), 2), dice.randrange(2**32)) for _ in range(count)]
    backlog = dice.random() < 0.15
    return Plan(
        seed,
        workers=dice.choice((1, 2, 2, 3)),
        rate=dice.choice((200, 500, 1_000)),
        payments_min=30_000 if backlog else dice.choice((1_500, 3_000, 6_000)),
        pace=dice.choice((1, 60) if backlog else (1, 60, 1_000, 100_000)),
        compression=dice.choice((None, "gzip", "snappy", "lz4", "zstd")),
        commit_linger_s=dice.choice((0.0, 0.2, 0.2, 1.5)),
        cache_mb=dice.choice((1, 20)),
        backlog=backlog,
        fresh_probe=dice.random() < 0.5,
        faults=tuple(faults),
    )
