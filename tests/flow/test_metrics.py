"""What a real worker tells Prometheus about payments that went through it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.kafka import preload
from benchmarks.load import Plan, World

if TYPE_CHECKING:
    from tests.flow.deployment import Deployment

PAYMENTS = 400


async def scrape(url: str) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Return all samples by name and labels."""
    async with ClientSession() as session, session.get(url) as response:
        text = await response.text()
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


@pytest.mark.timeout(300)
async def test_a_worker_counts_what_went_through_it(deployment: Deployment) -> None:
    """Every payment is counted in, every decision out, nothing lags, and every table is on disk."""
    worker = deployment.worker("one").start().wait_ready()
    plan = Plan(PAYMENTS, int(time.time() * 1000) - 1_000, rate=1_000, payers=50, payees=20)
    await preload(deployment.bootstrap, World(plan).payments(), f"{deployment.prefix}transactions")
    await deployment.wait_drained()

    samples = await scrape(f"http://127.0.0.1:{worker.web_port}/metrics")

    def value(name: str, **labels: str) -> float:
        return samples[f"prahari_{name}"][frozenset(labels.items())]

    assert value("records_total", stage="payer") == PAYMENTS
    assert value("outputs_total", topic="decisions") == PAYMENTS
    assert value("age_seconds_count", stage="payee") > 0
    assert value("commit_seconds_count", stage="payer") > 0
    assert value("ready") == 1
    assert value("budget_seen") == PAYMENTS
    assert value("partitions", topic="transactions") == 4
    assert {0.0} == set(samples["prahari_lag_records"].values())
    assert len(samples["prahari_state_disk_bytes"]) == 9
    assert min(samples["prahari_state_disk_bytes"].values()) > 0
