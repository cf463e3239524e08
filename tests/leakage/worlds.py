"""Small worlds of payments and verdicts, and every way in which what lies at or after T can be another."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from features.transaction import Transaction
from tests.features.oracle import DAY, HOUR, MINUTE
from tests.features.worlds import START

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = (0, 1, MINUTE, 10 * MINUTE, 2 * HOUR, 8 * HOUR)
WEIGHTS = (2, 1, 3, 4, 5, 5)


@dataclass(frozen=True)
class Arrival:
    """A payment, when it reaches the bank, and what will be found out about it; `label_ms` None: never anything."""

    txn: Transaction
    arrived_ms: int
    is_fraud: bool = False
    label_ms: int | None = None

    @property
    def time_ms(self) -> int:
        """Return the event time."""
        return self.txn.event_time_ms


def make_world(seed: int, payments: int = 160) -> list[Arrival]:
    """Return a month among a few accounts, in order of arrival: crowds at one instant, some late, frauds found late."""
    dice = random.Random(seed)
    now, world = START, []
    for number in range(payments):
        now += dice.choices(STEPS, WEIGHTS)[0]
        late_ms = dice.choice((0, 0, 0, 0, HOUR, 5 * HOUR, 2 * DAY)) if number else 0
        txn = Transaction(
            f"t{number}",
            now - late_ms,
            dice.choice((900, 10_000, 10_000, 25_050, 99_900, 1_000_000)),
            f"a{dice.randrange(5)}@x",
            f"a{dice.randrange(2, 7)}@x",
            device_id=dice.choice((None, "d1", "d2", "d3", "d4")),
            payee_type=dice.choice((None, "PERSON", "ENTITY")),
            txn_type=dice.choice((None, "PAY", "COLLECT")),
            status=dice.choice((None, "SUCCESS", "FAILED")),
        )
        delay_ms = dice.choice((2 * HOUR, DAY, 3 * DAY, 7 * DAY))
        world.append(Arrival(txn, now, dice.random() < 0.25, txn.event_time_ms + delay_ms))
    return world


def _fields(**fields: object) -> Callable[[Arrival, int], list[Arrival]]:
    """Return the change that gives a payment other fields."""
    return lambda one, _: [replace(one, txn=msgspec.structs.replace(one.txn, **fields))]


def _doubled(one: Arrival, _: int) -> list[Arrival]:
    return [one, replace(one, txn=msgspec.structs.replace(one.txn, transaction_id=one.txn.transaction_id + "x"))]


def _crowd(probe: Arrival) -> list[Arrival]:
    """Return payments of everybody to everybody at that very instant, before that payment, all fraud, half failed."""
    time_ms, parties = probe.time_ms, [f"a{number}@x" for number in range(7)]
    pairs = [(payer, payee) for payer in parties for payee in parties if payer != payee]
    return [
        Arrival(
            Transaction(f"c{at}", time_ms, 10_000, payer, payee, device_id="d1", status="FAILED" if at % 2 else None),
            time_ms,
            True,
            time_ms,
        )
        for at, (payer, payee) in enumerate(pairs)
    ]


def _later(one: Arrival, _: int) -> list[Arrival]:
    txn = msgspec.structs.replace(one.txn, event_time_ms=one.time_ms + HOUR)
    return [replace(one, txn=txn, arrived_ms=one.arrived_ms + HOUR)]


#: What may be different about a payment at or after T: each gives what stands in its place.
PAYMENT_CHANGES: dict[str, Callable[[Arrival, int], list[Arrival]]] = {
    "dropped": lambda _, __: [],
    "doubled": _doubled,
    "huge": _fields(amount_paise=10**12),
    "tiny": _fields(amount_paise=1),
    "from another payer": _fields(payer_vpa="a6@x"),
    "to another payee": _fields(payee_vpa="a0@x"),
    "from another device": _fields(device_id="stolen"),
    "failed": _fields(status="FAILED"),
    "of another type": _fields(payee_type="ENTITY", txn_type="COLLECT"),
    "later": _later,
}
#: What may be different about a verdict whose label time is at or after T, the payment's own too.
LABEL_CHANGES: dict[str, Callable[[Arrival, int], Arrival]] = {
    "label flipped": lambda one, _: replace(one, is_fraud=not one.is_fraud),
    "label fraud": lambda one, _: replace(one, is_fraud=True),
    "label at once": lambda one, time_ms: replace(one, is_fraud=True, label_ms=max(time_ms, one.time_ms)),
    "label later": lambda one, _: replace(one, label_ms=(one.label_ms or one.time_ms) + 5 * DAY),
}
IN_A_CROWD = "in a crowd"
CHANGES = (*PAYMENT_CHANGES, *LABEL_CHANGES, IN_A_CROWD)


def change(world: list[Arrival], probe: int, how: str) -> list[Arrival]:
    """Return the world with everything at or after the time of one payment changed, but for that payment itself."""
    time_ms = world[probe].time_ms
    if how == IN_A_CROWD:
        return [*_crowd(world[probe]), *world]
    changed: list[Arrival] = []
    for at, one in enumerate(world):
        if how in LABEL_CHANGES:
            known = one.label_ms is not None and one.label_ms < time_ms
            changed.append(one if known else LABEL_CHANGES[how](one, time_ms))
        elif at == probe or one.time_ms < time_ms:
            changed.append(one)
        else:
            changed += PAYMENT_CHANGES[how](one, time_ms)
    return changed
