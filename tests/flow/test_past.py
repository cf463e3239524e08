"""The past: tables warmed up before the first payment, and backlogs drained in the order of their time."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import polars as pl
import pytest

from agents.bundle import decode_bundle
from agents.others import ALIGNMENT_MS
from features.transaction import Transaction
from tests.flow.deployment import Deployment, audit

if TYPE_CHECKING:
    from pathlib import Path

PAYMENTS = 30_000
T0_MS = 1_767_225_600_000
#: What may be under way between two workers when one asks the other where it stands.
IN_FLIGHT_MS = 1_000


def make_history(path: Path, payments: int, days: int) -> Path:
    """Write a simulated history."""
    options = ["--transactions", str(payments), "--days", str(days), "--seed", "3"]
    subprocess.run([sys.executable, "-m", "simulator", "history", "--out", str(path), *options], check=True)
    return path


def run(deployment: Deployment, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command against the deployment."""
    environment = deployment.worker("commands").environment
    return subprocess.run(
        [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def make_backlog(path: Path, payments: int) -> Path:
    """Write busy minutes: a payment every 20 ms, by 2,000 payers to 200 payees."""
    draw = random.Random(5)
    rows = {
        "transaction_id": [f"t{number}" for number in range(payments)],
        "event_time": [T0_MS + 20 * number for number in range(payments)],
        "payer_vpa": [f"payer{draw.randrange(2_000)}@okaxis" for _ in range(payments)],
        "payee_vpa": [f"payee{draw.randrange(200)}@ybl" for _ in range(payments)],
        "amount": [draw.randrange(100, 500_000) / 100 for _ in range(payments)],
    }
    pl.DataFrame(rows).write_parquet(path)
    return path


@pytest.mark.timeout(300)
async def test_warm_up_fills_the_tables_and_decides_nothing(deployment: Deployment, tmp_path: Path) -> None:
    """The first live payment is scored with a past; the past itself brings neither decisions nor alerts."""
    history = make_history(tmp_path / "history.parquet", 5_000, 10)
    done = await asyncio.to_thread(run, deployment, "faust", "-A", "app.main", "warm-up", "--history", str(history))
    assert done.returncode == 0, done.stderr[-3000:]
    again = await asyncio.to_thread(run, deployment, "faust", "-A", "app.main", "warm-up", "--history", str(history))
    assert again.returncode != 0
    assert "needed an empty topic" in again.stderr

    topics = await audit(deployment)
    assert not topics.decisions
    assert not topics.alerts
    assert len({record.key for record in topics.payers}) > 100


@pytest.mark.timeout(300)
async def test_a_backlog_is_drained_in_the_order_of_its_time(deployment: Deployment, tmp_path: Path) -> None:
    """Two workers that drain 4 partitions keep them within a second of event time of each other."""
    history = make_backlog(tmp_path / "history.parquet", PAYMENTS)
    deployment.worker("first").start().wait_ready().stop()
    command = ["--rate", "0", "--history", str(history), "--prefix", deployment.prefix, "--no-labels"]
    sent = await asyncio.to_thread(
        run, deployment, "simulator", "stream", "--bootstrap", deployment.bootstrap, *command
    )
    assert sent.returncode == 0, sent.stderr[-3000:]
    deployment.worker("one").start()
    deployment.worker("two").start()

    topics = await audit(deployment)
    newest_ms: dict[int, int] = defaultdict(int)
    behind_ms = []
    seen: set[tuple[int, int]] = set()
    for record in topics.bundles:
        bundle = decode_bundle(record.value)
        for item in bundle.items():
            place = (item.source, item.offset)
            if isinstance(item.content, Transaction) and place not in seen:
                seen.add(place)
                behind_ms.append(newest_ms[record.partition] - item.content.event_time_ms)
                newest_ms[record.partition] = max(newest_ms[record.partition], item.content.event_time_ms)
    assert max(behind_ms) <= ALIGNMENT_MS + IN_FLIGHT_MS
    assert len({json.loads(record.value)["transaction_id"] for record in topics.decisions}) == PAYMENTS
