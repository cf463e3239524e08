"""`/score` on real workers: one payment, one verdict, counted once, whoever is asked and however often."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.views.deployments import PARTITIONS, Deployment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker

FIELDS = {
    *("transaction_id", "fraud_probability", "should_alert", "threshold_used"),
    *("risk_tier", "latency_ms", "risk", "rules"),
}
PATIENT = {"PRAHARI_SCORE_TIME_LIMIT_MS": "20000"}


def payment(number: int, **fields: Any) -> dict[str, Any]:
    """Return a payment of one of 40 payers."""
    return {
        "transaction_id": f"s{number}",
        "amount": 100 + number,
        "payer_vpa": f"payer{number % 40}@okaxis",
        "payee_vpa": f"shop{number % 7}@ybl",
        **fields,
    }


def first(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what may differ in a repeat that the desk no longer remembers."""
    return {name: answer[name] for name in FIELDS - {"latency_ms", "threshold_used"}}


@pytest.fixture(scope="module")
def deployment(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two workers with time enough for a busy machine."""
    with Deployment(broker, tmp_path_factory.mktemp("score"), "score.", **PATIENT) as made:
        yield made


async def seen_today(deployment: Deployment) -> int:
    """Return how many payments of today the budget counted."""
    status, body = await deployment.get(deployment.workers[0], "/budget/today")
    return int(body["seen"]) if status == 200 else 0


async def test_every_worker_scores_every_payment_and_each_counts_once(deployment: Deployment) -> None:
    """Answers have all fields; those that say so, and no others, are alerts."""
    await deployment.all_ready()
    before = await seen_today(deployment)

    answers = []
    for start in range(0, 400, 40):
        asked = [
            deployment.post(deployment.workers[number % 2], "/score", payment(number))
            for number in range(start, start + 40)
        ]
        answers += await asyncio.gather(*asked)

    assert {status for status, _ in answers} == {200}, answers[0]
    assert all(set(body) == FIELDS for _, body in answers)
    assert await seen_today(deployment) == before + 400
    alerted = {body["transaction_id"] for _, body in answers if body["should_alert"]}
    shown = await deployment.until(
        deployment.workers[0], "/alerts", lambda _, body: len(body.get("alerts", [])) >= len(alerted)
    )
    assert alerted
    assert {alert["alert_id"] for alert in shown["alerts"]} == alerted


async def test_a_repeat_has_the_first_verdict_wherever_it_is_asked(deployment: Deployment) -> None:
    """With and without a time, one after the other and all at once; the payment counts once."""
    await deployment.all_ready()
    before = await seen_today(deployment)
    for number, timed in ((1001, False), (1002, True)):
        body = payment(number, **({"event_time": int(time.time() * 1000)} if timed else {}))

        answers = await asyncio.gather(
            *(deployment.post(deployment.workers[n % 2], "/score", body) for n in range(10)),
        )
        answers += [await deployment.post(deployment.workers[n % 2], "/score", body) for n in range(2)]

        assert {status for status, _ in answers} == {200}
        assert [first(answer) for _, answer in answers] == [first(answers[0][1])] * 12
        assert len({answer["threshold_used"] for _, answer in answers}) == 1

    assert await seen_today(deployment) == before + 2


async def test_another_payment_with_a_known_id_is_a_conflict(deployment: Deployment) -> None:
    """409, and the first verdict stays."""
    await deployment.all_ready()
    _, verdict = await deployment.post(deployment.workers[0], "/score", payment(2001))

    for worker in deployment.workers:
        status, problem = await deployment.post(worker, "/score", payment(2001, amount=7))
        assert (status, problem["reason"]) == (409, "conflicting_duplicate")
        status, again = await deployment.post(worker, "/score", payment(2001))
        assert (status, first(again)) == (200, first(verdict))


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ([], 400, "invalid_json"),
        ({"transaction_id": "x"}, 422, "missing_field"),
        (payment(1, amount=-1), 422, "amount_out_of_range"),
        (payment(1, payer_vpa="nobody"), 422, "invalid_field"),
        (payment(1, event_time="2200-01-01T00:00:00Z"), 422, "future_event_time"),
        (payment(1, dry_run="perhaps"), 422, "invalid_field"),
    ],
)
async def test_what_is_no_payment_is_refused_and_not_sent(
    deployment: Deployment, body: Any, status: int, reason: str
) -> None:
    """The problem says which field."""
    await deployment.all_ready()

    found, problem = await deployment.post(deployment.workers[0], "/score", body)

    assert (found, problem["reason"]) == (status, reason)


async def test_a_batch_answers_in_its_order_and_each_for_itself(deployment: Deployment) -> None:
    """Good, repeated and bad ones together."""
    await deployment.all_ready()
    good = [payment(number) for number in range(3000, 3030)]

    status, body = await deployment.post(deployment.workers[0], "/score/batch", [*good, {"amount": 1}, good[0]])

    assert status == 200
    assert [result["status"] for result in body["results"]] == [200] * 30 + [422, 200]
    assert [result["result"]["transaction_id"] for result in body["results"][:30]] == [
        asked["transaction_id"] for asked in good
    ]
    assert body["results"][31]["result"]["risk"] == body["results"][0]["result"]["risk"]


async def test_a_rehearsal_is_the_verdict_of_the_moment_and_is_not_counted(deployment: Deployment) -> None:
    """On either worker, with accounts anywhere; the payment itself then gets the same score."""
    await deployment.all_ready()
    before = await seen_today(deployment)
    for number in range(4000, 4008):
        body = payment(number, event_time=int(time.time() * 1000))
        rehearsed = [
            await deployment.post(worker, "/score", {**body, "dry_run": True}) for worker in deployment.workers
        ]
        assert await seen_today(deployment) == before + number - 4000

        status, decided = await deployment.post(deployment.workers[0], "/score", body)

        assert {status, *(found for found, _ in rehearsed)} == {200}
        for _, answer in rehearsed:
            assert (answer["risk"], answer["rules"]) == (decided["risk"], decided["rules"])


async def test_every_payment_has_its_verdict_while_partitions_move(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """They leave a worker that decides alone and tells itself, and come back, while payments are on their way."""
    with Deployment(broker, tmp_path, "score-moves.", **PATIENT) as deployment:
        await deployment.all_ready()
        one, two = deployment.workers
        asked: list[tuple[int, asyncio.Task[Any]]] = []

        async def ask_while(moving: Awaitable[object]) -> None:
            moved = asyncio.ensure_future(moving)
            while not moved.done():
                number = len(asked)
                asked.append((number, asyncio.create_task(deployment.post(one, "/score", payment(number)))))
                await asyncio.wait({moved}, timeout=0.02)
            moved.result()

        await asyncio.to_thread(two.stop)
        await ask_while(deployment.until(one, "/ready", has_all))
        await asyncio.to_thread(two.start)
        await ask_while(deployment.all_ready())
        await ask_while(asyncio.to_thread(two.stop))
        await ask_while(deployment.until(one, "/ready", has_all))
        answers = [(number, await answer) for number, answer in asked]

        assert [status for _, (status, _) in answers] == [200] * len(answers)
        assert [body["transaction_id"] for _, (_, body) in answers] == [f"s{number}" for number, _ in answers]
        await deployment.until(one, "/budget/today", lambda _, body: body.get("seen") == len(answers))


def has_all(status: int, body: Any) -> bool:
    """Return whether a worker is ready with every partition."""
    return status == 200 and len(body["partitions"].get("transactions-by-payee", [])) == PARTITIONS


async def test_after_a_crash_of_all_workers_a_repeat_still_has_the_first_verdict(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """It is found in the log; nothing is counted again."""
    with Deployment(broker, tmp_path, "score-again.", PRAHARI_ALERT_RATE="0.2", **PATIENT) as deployment:
        await deployment.all_ready()
        asked = [payment(number) for number in range(200)]
        before = [await deployment.post(deployment.workers[0], "/score", body) for body in asked[:20]]
        before += await asyncio.gather(*(deployment.post(deployment.workers[0], "/score", body) for body in asked[20:]))
        seen = await seen_today(deployment)
        for worker in deployment.workers:
            worker.kill()
        for worker in deployment.workers:
            worker.start()
        await deployment.all_ready()

        after = [await deployment.post(deployment.workers[n % 2], "/score", body) for n, body in enumerate(asked)]

        assert [answer for answer in (*before, *after) if answer[0] != 200] == []
        assert [(status, first(body)) for status, body in after] == [(status, first(body)) for status, body in before]
        assert any(body["should_alert"] for _, body in after)
        assert await seen_today(deployment) == seen == len(asked)
