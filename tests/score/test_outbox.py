"""Payments of `/score` go together, as far apart as fetches, and each is told what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from agents.ports import Outgoing
from app.score.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Sequence

FAR_S = 30.0


class Log:
    """What was appended, append by append; the next one fails where `error` is set."""

    def __init__(self) -> None:
        self.appended: list[list[bytes]] = []
        self.error: Exception | None = None

    async def send(self, outputs: Sequence[Outgoing]) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.appended.append([output.value for output in outputs])


def payment(number: int) -> Outgoing:
    """Return some payment."""
    return Outgoing("transactions", 0, b"ravi@okaxis", b"%d" % number)


async def test_the_first_goes_at_once_and_those_that_come_meanwhile_go_together() -> None:
    """In the order in which they came; the pace is the one of the moment at which the next began to wait."""
    log, pace_s = Log(), [FAR_S]
    outbox = Outbox(log.send, lambda: pace_s[0])

    await asyncio.wait_for(outbox.put(payment(0)), FAR_S / 3)
    pace_s[0] = 0.05
    await asyncio.wait_for(asyncio.gather(*(outbox.put(payment(number)) for number in (1, 2, 3))), FAR_S / 3)

    assert log.appended == [[b"0"], [b"1", b"2", b"3"]]


async def test_a_payment_whose_client_gave_up_goes_and_holds_up_nobody() -> None:
    """It may have been counted: it is asked for again, not taken back."""
    log = Log()
    outbox = Outbox(log.send, lambda: 0.0)
    gone, stays = (asyncio.create_task(outbox.put(payment(number))) for number in (1, 2))
    await asyncio.sleep(0)

    gone.cancel()
    await asyncio.wait_for(stays, FAR_S / 3)

    assert log.appended == [[b"1", b"2"]]
    assert gone.cancelled()


async def test_all_are_told_that_an_append_failed_and_the_next_is_another() -> None:
    """What the broker refused is nobody's payment but theirs."""
    log = Log()
    outbox = Outbox(log.send, lambda: 0.0)
    log.error = ConnectionError("no broker")

    answers = await asyncio.gather(outbox.put(payment(1)), outbox.put(payment(2)), return_exceptions=True)
    log.error = None
    await outbox.put(payment(3))

    assert [str(answer) for answer in answers] == ["no broker"] * 2
    assert log.appended == [[b"3"]]


@pytest.mark.parametrize("pace_s", [0.0, 0.01])
async def test_nothing_is_left_behind_however_payments_come(pace_s: float) -> None:
    """Also those that come while an append is under way."""
    log = Log()
    outbox = Outbox(log.send, lambda: pace_s)

    async def come(number: int) -> None:
        for _ in range(number % 7):
            await asyncio.sleep(0)
        await outbox.put(payment(number))

    await asyncio.wait_for(asyncio.gather(*map(come, range(200))), FAR_S)

    assert sorted(int(value) for some in log.appended for value in some) == list(range(200))
