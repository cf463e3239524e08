"""Forgetting one account."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from app.retention import KEEPS_DAYS
from features.vector import FEATURE_NAMES
from tests.flow.test_past import run
from tests.topics import read_topic, write_topic

if TYPE_CHECKING:
    from tests.flow.deployment import Deployment

ASHA, SHOP = "asha@okaxis", "shop@ybl"


async def pay(deployment: Deployment, number: int) -> None:
    """Let Asha pay at the shop."""
    payment = {
        "transaction_id": f"t{number}",
        "event_time": 1_767_225_600_000 + number * 1_000,
        "amount": 100,
        "payer_vpa": ASHA,
        "payee_vpa": SHOP,
    }
    await write_topic(
        deployment.bootstrap, f"{deployment.prefix}transactions", [(ASHA.encode(), json.dumps(payment).encode())]
    )


async def counts_known(deployment: Deployment, number: int) -> tuple[float, float]:
    """Return how many payments of 30 days the payer and the payee of a decision were known by."""
    decisions = [json.loads(r.value) for r in await read_topic(deployment.bootstrap, f"{deployment.prefix}decisions")]
    decision = next(found for found in decisions if found["transaction_id"] == f"t{number}")
    known = dict(zip(FEATURE_NAMES, decision["features"], strict=True))
    return known["payer_txn_count_30d"], known["payee_txn_count_30d"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("wiped", [False, True])
async def test_an_erased_account_is_unknown_to_every_worker(deployment: Deployment, *, wiped: bool) -> None:
    """After `erase` neither a worker with its old directory nor one without remembers a payment of the account."""
    worker = deployment.worker("one").start().wait_ready()
    for number in range(3):
        await pay(deployment, number)
    await deployment.wait_drained()
    refused = run(deployment, "faust", "-A", "app.main", "erase", "--vpa", ASHA)
    assert refused.returncode == 1
    assert "needed no worker to run" in refused.stderr
    worker.stop()

    done = run(deployment, "faust", "-A", "app.main", "erase", "--vpa", ASHA.upper())
    assert done.returncode == 0, done.stderr
    assert all(f"{topic}: keeps its records" in done.stdout for topic in KEEPS_DAYS if topic != "alert-budget")
    if wiped:
        shutil.rmtree(worker.datadir)
    worker.start().wait_ready()
    await pay(deployment, 3)
    await deployment.wait_drained()

    assert await counts_known(deployment, 3) == (0.0, 3.0)
