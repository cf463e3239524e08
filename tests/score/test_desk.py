"""The desk with a stream that the test plays: what is late, lost, refused, repeated or too much."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from app.score import desk as desk_module
from app.score.admissions import Admission
from app.score.desk import Conflict, Desk, Forgotten, Overloaded
from app.score.payment import Asked, read_payment
from app.score.waiters import Waiter, Waiters
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
    """Stands in for tail, log and deployment; `answers` is called with each payment sent and its waiter.

    `here` is what decides payments on this worker, None where another does; `follows` is called when the tail begins.
    """

    def __init__(self, *, seen: bool | None = False, logged: dict[str, Any] | None = None) -> None:
        self.seen = seen
        self.logged = logged
        self.here: object = "these partitions"
        self.sent: list[bytes] = []
        self.followed: list[Waiter] = []
        self.waiters = Waiters()
        self.answers: Callable[[Waiter], None] = lambda waiter: waiter.decided(decision(waiter.awaited.transaction_id))
        self.follows: Callable[[], None] = lambda: None
        self.admitted: Admission | None = Admission(should_alert=False, threshold=700)

    def desk(self) -> Desk:
        """Return a desk over this stream."""
        return Desk(self, self.waiters, self, self)  # type: ignore[arg-type]

    def waiter(self) -> Waiter:
        """Return the only one who waits."""
        ((waiter,),) = self.waiters._waiting.values()
        return waiter

    async def follow(self, waiter: Waiter) -> None:
        self.followed.append(waiter)
        self.follows()

    async def send(self, partition: int, key: bytes, value: bytes) -> None:
        self.sent.append(value)
        self.answers(self.waiters._waiting[partition, key][-1])

    def decided_here(self, partition: int, asked: Asked) -> object:  # noqa: ARG002
        return self.here

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
        await desk.score(asked(), 0, timeout_s=0.01)
    with pytest.raises(TimeoutError):
        await desk.score(asked(), 0, timeout_s=0.01)
    stream.waiter().decided(decision())

    verdict = await desk.score(asked(), 0, timeout_s=5)

    assert verdict.risk == 30
    assert len(stream.sent) == 1
    assert not stream.waiters._waiting
    await desk.stop()


async def test_many_who_ask_at_once_send_one_payment() -> None:
    """All of them get its verdict."""
    stream = Stream()
    desk = stream.desk()

    verdicts = await asyncio.gather(*(desk.score(asked(), 0, 5) for _ in range(50)))

    assert len(set(verdicts)) == 1
    assert len(stream.sent) == 1


async def test_an_id_with_other_content_is_a_conflict_and_is_not_sent() -> None:
    """Amount, payee, or a time that both gave; one without a time repeats any."""
    stream = Stream()
    desk = stream.desk()
    await desk.score(asked(event_time=NOW_MS), 0, 5)

    for other in (asked(amount=6), asked(payee_vpa="c@y"), asked(event_time=NOW_MS - 1), asked(device_id="d")):
        with pytest.raises(Conflict):
            await desk.score(other, 0, 5)
    await desk.score(asked(), 0, 5)

    assert len(stream.sent) == 1


async def test_a_payment_that_the_account_knows_is_looked_up_and_not_sent() -> None:
    """Its decision stands in the log, and whether it was an alert in `alerts`."""
    stream = Stream(seen=True, logged=decision(risk=99))
    stream.admitted = None

    verdict = await stream.desk().score(asked(), 0, 5)

    assert (verdict.risk, verdict.should_alert, verdict.threshold) == (99, True, 650)
    assert stream.sent == []


async def test_a_payment_counted_before_whose_decision_is_out_of_reach_is_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not sent again: a second decision would be another verdict."""
    monkeypatch.setattr(desk_module, "BEING_DECIDED_S", 0.01)
    stream = Stream(seen=True)

    with pytest.raises(Forgotten):
        await stream.desk().score(asked(), 0, 5)

    assert stream.sent == []


async def test_where_the_account_cannot_be_asked_a_slow_decision_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream says nothing of a payment that it counted before."""
    monkeypatch.setattr(desk_module, "LOOK_BACK_AFTER_S", 0.01)
    stream = Stream(seen=None, logged=decision(risk=88))
    stream.answers = lambda _: None

    assert (await stream.desk().score(asked(), 0, 5)).risk == 88


async def test_a_decision_made_before_a_crash_is_looked_up_though_the_account_does_not_know_it_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The payee's state was ahead of the payer's: the stream skips the payment, and sends no second decision."""
    monkeypatch.setattr(desk_module, "LOOK_BACK_AFTER_S", 0.01)
    monkeypatch.setattr(desk_module, "LOOK_UNSEEN_S", 0.02)
    stream = Stream(seen=False, logged=decision(risk=77))
    stream.answers = lambda _: None

    assert (await stream.desk().score(asked(), 0, timeout_s=5)).risk == 77
    assert len(stream.sent) == 1


async def test_where_this_worker_decides_the_logs_are_not_followed() -> None:
    """It knows what it appended itself; where another worker decides, the logs are followed before the payment goes."""
    stream = Stream()
    await stream.desk().score(asked(), 0, 5)
    assert stream.followed == []

    stream.here = None
    stream.follows = stream.sent.clear
    await stream.desk().score(asked(), 0, 5)

    assert len(stream.followed) == len(stream.sent) == 1


@pytest.mark.parametrize("appended_before", [True, False])
async def test_a_decision_is_found_when_its_partitions_move_after_the_payment_was_sent(
    monkeypatch: pytest.MonkeyPatch,
    appended_before: bool,
) -> None:
    """Whether the new owner appended it before the logs were followed, or does after."""
    monkeypatch.setattr(desk_module, "LOOK_BACK_AFTER_S", 0.01)
    stream = Stream(logged=decision(risk=55) if appended_before else None)

    def move(_: Waiter) -> None:
        stream.here = "partitions that came back"

    stream.answers = move
    if not appended_before:
        stream.follows = lambda: stream.waiter().decided(decision(risk=55))

    assert (await stream.desk().score(asked(), 0, 5)).risk == 55
    assert len(stream.followed) == 1


async def test_a_slow_decision_of_this_worker_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is searched or followed for it while its partitions stay."""
    monkeypatch.setattr(desk_module, "LOOK_BACK_AFTER_S", 0.001)
    stream = Stream(logged=decision(risk=1))

    def decide_late(waiter: Waiter) -> None:
        asyncio.get_running_loop().call_later(0.05, waiter.decided, decision(risk=2))

    stream.answers = decide_late

    assert (await stream.desk().score(asked(), 0, 5)).risk == 2
    assert stream.followed == []


async def test_a_conflict_in_the_stream_is_the_first_verdict_where_it_is_the_same_payment() -> None:
    """Without a time from the client, two workers give one payment two times."""
    stream = Stream(seen=None, logged=decision(risk=77))
    stream.answers = lambda waiter: waiter.resolve({"reason": "conflicting_duplicate", "detail": ""})

    assert (await stream.desk().score(asked(), 0, 5)).risk == 77
    with pytest.raises(Conflict):
        await stream.desk().score(asked(amount=6), 0, 5)


async def test_a_refused_payment_says_why_and_may_be_asked_again() -> None:
    """An error is not kept for a verdict."""
    stream = Stream()
    stream.answers = lambda waiter: waiter.resolve({"reason": "internal_error", "detail": "no state"})
    desk = stream.desk()
    with pytest.raises(RejectedTransaction, match="no state"):
        await desk.score(asked(), 0, 5)
    stream.answers = lambda waiter: waiter.resolve(decision())

    assert (await desk.score(asked(), 0, 5)).risk == 30


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest verdicts go; more than so many at once are turned away."""
    monkeypatch.setattr(desk_module, "KEPT_MAX", 10)
    monkeypatch.setattr(desk_module, "IN_FLIGHT_MAX", 3)
    stream = Stream()
    desk = stream.desk()
    for number in range(50):
        await desk.score(asked(f"t{number}"), 0, 5)
    assert len(desk._entries) == 10
    stream.answers = lambda _: None

    answers = await asyncio.gather(*(desk.score(asked(f"u{n}"), 0, 0.05) for n in range(5)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [TimeoutError] * 3 + [Overloaded] * 2
    assert len(stream.sent) == 53
    await desk.stop()
    assert desk._in_flight == 0
