"""The desk with a stream that the test plays: what is late, lost, refused, repeated or too much."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from app.score import desk as desk_module
from app.score.admissions import Admission
from app.score.desk import Conflict, Desk, Forgotten, Overloaded
from app.score.payment import Asked, read_payment
from app.score.tail import Waiter
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_MS = 1_780_000_000_000


def asked(transaction_id: str = "t1", **fields: Any) -> Asked:
    """Return a payment to score."""
    import orjson  # noqa: PLC0415 - only here

    body = {"transaction_id": transaction_id, "amount": 5, "payer_vpa": "a@x", "payee_vpa": "b@y", **fields}
    return read_payment(orjson.dumps(body), NOW_MS)


def decision(transaction_id: str = "t1", **fields: Any) -> dict[str, Any]:
    """Return a decision as the topic has it."""
    return {
        "transaction_id": transaction_id,
        "payee_vpa": "b@y",
        "amount": 5.0,
        "fraud_probability": 0.25,
        "risk": 30,
        "risk_tier": "MEDIUM",
        "rules": [],
        "late": False,
        "partition": 0,
        "sequence": 0,
        **fields,
    }


class Stream:
    """Stands in for tail, log and deployment; `answers` is called with each payment sent and its waiter."""

    def __init__(self, *, seen: bool | None = False, logged: dict[str, Any] | None = None) -> None:
        self.seen = seen
        self.logged = logged
        self.sent: list[bytes] = []
        self.waiters: list[Waiter] = []
        self.answers: Callable[[Waiter], None] = lambda waiter: waiter.resolve(decision(waiter.transaction_id))
        self.admitted: Admission | None = Admission(should_alert=False, threshold=700)

    def desk(self) -> Desk:
        """Return a desk over this stream."""
        return Desk(self, self, self, lambda _: 0)  # type: ignore[arg-type]

    async def expect(self, partition: int, key: bytes, transaction_id: str) -> Waiter:
        waiter = Waiter(partition, key, transaction_id, asyncio.get_running_loop().create_future())
        self.waiters.append(waiter)
        return waiter

    def forget(self, waiter: Waiter) -> None:
        self.waiters.remove(waiter)

    async def send(self, partition: int, key: bytes, value: bytes) -> int:  # noqa: ARG002
        self.sent.append(value)
        self.answers(self.waiters[-1])
        return len(self.sent) - 1

    def seen_before(self, partition: int, asked: Asked) -> bool | None:  # noqa: ARG002
        return self.seen

    async def admission(self, decision: dict[str, Any]) -> Admission | None:  # noqa: ARG002
        return self.admitted

    async def decision(self, partition: int, key: bytes, transaction_id: str) -> dict[str, Any] | None:  # noqa: ARG002
        return self.logged

    async def alert(self, partition: int, key: bytes, transaction_id: str) -> dict[str, Any] | None:  # noqa: ARG002
        return {"budget": {"threshold": 650}} if self.logged is not None else None


async def test_a_late_verdict_is_there_when_it_is_asked_for_again() -> None:
    """The first asks in vain, the payment is sent once, and the second gets the verdict."""
    stream = Stream()
    stream.answers = lambda _: None
    desk = stream.desk()
    with pytest.raises(TimeoutError):
        await desk.score(asked(), timeout_s=0.01)
    with pytest.raises(TimeoutError):
        await desk.score(asked(), timeout_s=0.01)
    stream.waiters[0].resolve(decision())

    verdict = await desk.score(asked(), timeout_s=5)

    assert verdict.risk == 30
    assert len(stream.sent) == 1
    assert not stream.waiters
    await desk.stop()


async def test_many_who_ask_at_once_send_one_payment() -> None:
    """All of them get its verdict."""
    stream = Stream()
    desk = stream.desk()

    verdicts = await asyncio.gather(*(desk.score(asked(), 5) for _ in range(50)))

    assert len(set(verdicts)) == 1
    assert len(stream.sent) == 1


async def test_an_id_with_other_content_is_a_conflict_and_is_not_sent() -> None:
    """Amount, payee, or a time that both gave; one without a time repeats any."""
    stream = Stream()
    desk = stream.desk()
    await desk.score(asked(event_time=NOW_MS), 5)

    for other in (asked(amount=6), asked(payee_vpa="c@y"), asked(event_time=NOW_MS - 1), asked(device_id="d")):
        with pytest.raises(Conflict):
            await desk.score(other, 5)
    await desk.score(asked(), 5)

    assert len(stream.sent) == 1


async def test_a_payment_that_the_account_knows_is_looked_up_and_not_sent() -> None:
    """Its decision stands in the log, and whether it was an alert in `alerts`."""
    stream = Stream(seen=True, logged=decision(risk=99))
    stream.admitted = None

    verdict = await stream.desk().score(asked(), 5)

    assert (verdict.risk, verdict.should_alert, verdict.threshold) == (99, True, 650)
    assert stream.sent == []


async def test_a_payment_counted_before_whose_decision_is_out_of_reach_is_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not sent again: a second decision would be another verdict."""
    monkeypatch.setattr(desk_module, "BEING_DECIDED_S", 0.01)
    stream = Stream(seen=True)

    with pytest.raises(Forgotten):
        await stream.desk().score(asked(), 5)

    assert stream.sent == []


async def test_where_the_account_cannot_be_asked_a_slow_decision_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream says nothing of a payment that it counted before."""
    monkeypatch.setattr(desk_module, "LOOK_BACK_AFTER_S", 0.01)
    stream = Stream(seen=None, logged=decision(risk=88))
    stream.answers = lambda _: None

    assert (await stream.desk().score(asked(), 5)).risk == 88


async def test_a_conflict_in_the_stream_is_the_first_verdict_where_it_is_the_same_payment() -> None:
    """Without a time from the client, two workers give one payment two times."""
    stream = Stream(seen=None, logged=decision(risk=77))
    stream.answers = lambda waiter: waiter.resolve({"reason": "conflicting_duplicate", "detail": ""})

    assert (await stream.desk().score(asked(), 5)).risk == 77
    with pytest.raises(Conflict):
        await stream.desk().score(asked(amount=6), 5)


async def test_a_refused_payment_says_why_and_may_be_asked_again() -> None:
    """An error is not kept for a verdict."""
    stream = Stream()
    stream.answers = lambda waiter: waiter.resolve({"reason": "internal_error", "detail": "no state"})
    desk = stream.desk()
    with pytest.raises(RejectedTransaction, match="no state"):
        await desk.score(asked(), 5)
    stream.answers = lambda waiter: waiter.resolve(decision())

    assert (await desk.score(asked(), 5)).risk == 30


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest verdicts go; more than so many at once are turned away."""
    monkeypatch.setattr(desk_module, "KEPT_MAX", 10)
    monkeypatch.setattr(desk_module, "IN_FLIGHT_MAX", 3)
    stream = Stream()
    desk = stream.desk()
    for number in range(50):
        await desk.score(asked(f"t{number}"), 5)
    assert len(desk._entries) == 10
    stream.answers = lambda _: None

    answers = await asyncio.gather(*(desk.score(asked(f"u{n}"), 0.05) for n in range(5)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [TimeoutError] * 3 + [Overloaded] * 2
    assert len(stream.sent) == 53
    await desk.stop()
    assert desk._in_flight == 0
