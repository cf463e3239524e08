"""Who waits is told of its own payment, and of nothing else, by whoever appended what was said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from agents.ports import Outgoing, OutgoingMany
from agents.rejected import rejected_original
from app.score.waiters import Awaited, Waiter, Waiters
from features.errors import RejectedTransaction
from features.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

KEY = b"a@x"


def awaited(transaction_id: str, partition: int = 0, key: bytes = KEY) -> Awaited:
    """Return a payment that somebody waits for; its value is an object of its own."""
    return Awaited(partition, key, transaction_id, f"payment {transaction_id}".encode())


def decisions(partition: int, *decided: tuple[bytes, str]) -> OutgoingMany:
    """Return decisions as the payee stage puts them out."""
    values = Pieces.of([orjson.dumps({"transaction_id": name, "risk": 9}) for _, name in decided])
    return OutgoingMany("decisions", partition, Pieces.of([key for key, _ in decided]), values)


def refusal(offset: int, topic: str = "transactions") -> Outgoing:
    """Return a rejection as the payer stage puts it out."""
    return rejected_original(RejectedTransaction("internal_error", "no state"), (topic, 0, offset), KEY, b"payment")


def payments(*values: bytes) -> Sequence[Outgoing]:
    """Return payments as they go to `transactions`."""
    return [Outgoing("transactions", 0, KEY, value) for value in values]


def over(waiter: Waiter) -> bool:
    """Return whether a wait is over."""
    return waiter.future.done()


async def test_a_decision_among_others_ends_the_wait_for_it_and_no_other() -> None:
    """Its partition, its payer and its id are needed."""
    waiters = Waiters()
    waiter, other = waiters.expect(awaited("t1")), waiters.expect(awaited("t2"))
    waiters.durable("decisions", 1, [decisions(1, (KEY, "t1"))])
    waiters.durable("decisions", 0, [decisions(0, (b"b@x", "t1"), (KEY, "t3"))])
    assert not over(waiter)

    waiters.durable("decisions", 0, [decisions(0, (b"b@x", "t0")), decisions(0, (b"c@x", "t9"), (KEY, "t1"))])

    assert waiter.future.result() == {"transaction_id": "t1", "risk": 9}
    assert not over(other)


async def test_a_rejection_is_of_the_record_that_was_sent_whichever_is_known_first() -> None:
    """An equal payment of another sender, and another topic's record at that offset, are not ours."""
    for rejected_first in (True, False):
        waiters = Waiters()
        ours = awaited("t1")
        waiter = waiters.expect(ours)
        sent = payments(b"another", bytes(bytearray(ours.value)), ours.value)
        waiters.durable("rejected", 0, [refusal(7, topic="labels")])

        if rejected_first:
            waiters.durable("rejected", 0, [refusal(6), refusal(7)])
            assert not over(waiter)
        waiters.appended("transactions", 0, 5, sent)
        if not rejected_first:
            waiters.durable("rejected", 0, [refusal(6)])
            assert not over(waiter)
            waiters.durable("rejected", 0, [refusal(7)])

        assert (waiter.offset, waiter.future.result()["source_offset"]) == (7, 7)


async def test_who_gave_up_is_told_nothing_and_nobody_is_left() -> None:
    """Others who wait for the same payer stay."""
    waiters = Waiters()
    first, second = waiters.expect(awaited("t1")), waiters.expect(awaited("t1"))
    second.followed = True
    assert (waiters.followed(0), waiters.followed(1)) == (True, False)
    waiters.forget(first)

    waiters.durable("decisions", 0, [decisions(0, (KEY, "t1"))])
    waiters.forget(second)
    waiters.forget(second)

    assert (over(first), over(second)) == (False, True)
    assert not waiters._waiting
    assert not waiters.followed(0)


def test_while_nobody_waits_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that nobody asks about pays nothing for those who might."""
    waiters = Waiters()
    monkeypatch.setattr(Pieces, "each", None)

    waiters.durable("decisions", 0, [decisions(0, (KEY, "t1"))])
