"""`dry_run`: the score of a replay, from two workers or one, and nothing remembered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from app.views.live import LIVE
from features.clock import day_text, ist_day
from features.murmur import murmur2_partition
from features.transaction import Transaction
from models.scoring import Scorer
from replay.engine import Replay
from rules import load_rules
from tests.views.worlds import NOW_MS, PARTITIONS, HeldWorker

if TYPE_CHECKING:
    from tests.views.worlds import World

PAYER, PAYEE = "ravi@okaxis", "shop@ybl"
HOMES = {
    "transactions": murmur2_partition(PAYER.encode(), PARTITIONS),
    "transactions-by-payee": murmur2_partition(PAYEE.encode(), PARTITIONS),
}
BODY = {"transaction_id": "new", "event_time": NOW_MS, "amount": 60_000, "payer_vpa": PAYER, "payee_vpa": PAYEE}
PAST = [
    *(Transaction(f"t{n}", NOW_MS - 60_000 + n, 9_000_00, PAYER, f"other{n}@ybl") for n in range(6)),
    *(Transaction(f"r{n}", NOW_MS - 50_000 + n, 500_00, f"payer{n}@x", PAYEE) for n in range(30)),
]


def replayed() -> tuple[Any, Replay]:
    """Return the score of the payment after its past, and the states before it."""
    before, after = Replay(), Replay()
    before.feed(PAST)
    after.feed(PAST)
    _, rows = after.feed([Transaction("new", NOW_MS, 60_000_00, PAYER, PAYEE)])
    return Scorer(load_rules(HeldWorker().settings.rules), None).score(np.array(rows))[0], before


def hold(worker: HeldWorker, topic: str, states: dict[str, bytes], vpa: str) -> None:
    """Give a worker an account, where it lives."""
    worker.hold(topic, HOMES[topic])
    worker.held[topic][HOMES[topic]].table._states[vpa.encode()] = states[vpa]


@pytest.mark.parametrize("apart", [False, True])
async def test_a_rehearsal_is_the_score_of_a_replay_and_changes_nothing(world: World, apart: bool) -> None:
    """Whether both accounts are on the worker that is asked or both are on others."""
    expected, states = replayed()
    asked, one, two = HeldWorker(), HeldWorker(), HeldWorker()
    hold(one if apart else asked, "transactions", states.payers, PAYER)
    hold(two if apart else asked, "transactions-by-payee", states.payees, PAYEE)
    await world.serve(asked, one, two)
    asked.owners = {("transactions", HOMES["transactions"]): one.url}
    asked.owners["transactions-by-payee", HOMES["transactions-by-payee"]] = two.url

    answers = [await asked.request("POST", "/score?dry_run=true", json=BODY) for _ in range(2)]
    answers.append(await asked.request("POST", "/score", json={**BODY, "dry_run": True}))

    for response, body in answers:
        assert response.status == 200, body
        found = (body["risk"], body["risk_tier"], tuple(body["rules"]), body["should_alert"], body["threshold_used"])
        assert found == (expected.risk, expected.tier, expected.rules, False, None)
    assert expected.rules


async def test_it_says_what_the_budget_of_the_moment_would(world: World) -> None:
    """An alert at or above the threshold, none below; an account never seen has a score too."""
    expected, states = replayed()
    worker = HeldWorker()
    hold(worker, "transactions", states.payers, PAYER)
    hold(worker, "transactions-by-payee", states.payees, PAYEE)
    await world.serve(worker)
    spending = world.servers[-1].app[LIVE].spending
    for seen, (threshold, should_alert) in enumerate(((expected.bucket + 1, False), (expected.bucket, True))):
        day = day_text(ist_day(NOW_MS))
        spending.add(orjson.dumps({"day": day, "seen": seen, "threshold": threshold}))

        _, body = await worker.request("POST", "/score", json={**BODY, "dry_run": True})

        assert body["should_alert"] == should_alert
    for partition in range(PARTITIONS):
        for topic in HOMES:
            worker.hold(topic, partition)
    response, _ = await worker.request("POST", "/score", json={**BODY, "payer_vpa": "new@x", "dry_run": True})
    assert response.status == 200


async def test_an_answer_is_no_line_in_the_log_and_a_refusal_is_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A line for each payment would cost as much as scoring some of it; metrics count them all."""
    caplog.set_level(logging.INFO)
    worker = HeldWorker()
    for topic, home in HOMES.items():
        worker.hold(topic, home)
    await world.serve(worker)
    body = {**BODY, "dry_run": True}

    answers = [await worker.request("POST", "/score", json=one) for one in (body, {**body, "amount": -1})]

    assert [answer.status for answer, _ in answers] == [200, 422]
    assert "POST /score 200" not in caplog.text
    assert "POST /score 422" in caplog.text


async def test_where_an_account_cannot_be_asked_nothing_is_made_up(world: World) -> None:
    """503, and when to ask again."""
    worker = HeldWorker()
    await world.serve(worker)

    response, _ = await worker.request("POST", "/score", json={**BODY, "dry_run": True})

    assert (response.status, response.headers["Retry-After"]) == (503, "2")
