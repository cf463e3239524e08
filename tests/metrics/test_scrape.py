"""What a scrape shows, and that it is the text that Prometheus reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from aiohttp import ClientSession
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agents.budget import BudgetLogic
from app.metrics.names import Metrics
from app.views.readiness import Readiness
from budget.threshold import BudgetState
from tests.views.worlds import HeldWorker, World

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client.samples import Sample

DAY = 20_000


class MeasuredWorker(HeldWorker):
    """A worker that is five records behind everywhere."""

    def lag(self, topic: str, partition: int) -> int | None:  # noqa: ARG002
        return 5

    def drift(self) -> dict[str, float]:
        return {"score": 0.25}


async def scrape(worker: HeldWorker) -> list[Sample]:
    world = World()
    await world.serve(worker)
    try:
        async with ClientSession() as session, session.get(worker.url + "/metrics") as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            text = await response.text()
    finally:
        await world.close()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def values(samples: list[Sample], name: str) -> dict[tuple[str, ...], float]:
    """Return a metric's values by its label values, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for sample in samples
        if sample.name == f"prahari_{name}"
    }


def a_worker(path: Path) -> MeasuredWorker:
    """Return a worker with one payer partition on disk and a budget of one day."""
    (path / "000001.sst").write_bytes(b"x" * 700)
    budget = BudgetState(rate_ppm=5_000)
    for number in range(1_000):
        budget.observe(DAY, number % 1000, is_candidate=True)
    logic = BudgetLogic.__new__(BudgetLogic)
    logic.budget = budget
    table = SimpleNamespace(waiting_bytes=42, store=SimpleNamespace(path=path))
    found = Readiness(partitions={"transactions": [1]}, model_version="m1", rules_version="r1")
    held = {
        "transactions": {1: SimpleNamespace(table=table, logic=None)},
        "candidates": {0: SimpleNamespace(table=table, logic=logic)},
    }
    return MeasuredWorker(found=found, held=held)


async def test_a_scrape_shows_lag_state_budget_and_versions(tmp_path: Path) -> None:
    """What an operator asks first stands there under its labels."""
    samples = await scrape(a_worker(tmp_path))

    assert values(samples, "ready") == {(): 1}
    assert values(samples, "lag_records") == {("1", "transactions"): 5, ("0", "candidates"): 5}
    assert values(samples, "state_disk_bytes") == {("1", "payers"): 700, ("0", "budget"): 700}
    assert values(samples, "state_waiting_bytes") == {("1", "payers"): 42, ("0", "budget"): 42}
    assert values(samples, "model_info") == {("m1",): 1}
    assert values(samples, "budget_seen") == {(): 1_000}
    assert values(samples, "budget_limit") == {(): 5}


async def test_a_partition_that_went_elsewhere_is_shown_no_more(tmp_path: Path) -> None:
    """Its last numbers would look like a partition that stands still."""
    worker = a_worker(tmp_path)
    await scrape(worker)
    worker.held.clear()
    worker.found = Readiness("no partitions are assigned yet")

    samples = await scrape(worker)

    assert values(samples, "lag_records") == {}
    assert values(samples, "state_disk_bytes") == {}
    assert values(samples, "ready") == {(): 0}


def test_every_metric_has_a_unit_or_a_count_and_a_meaning() -> None:
    """Names are what dashboards hold on to: our prefix, and a sentence that says what it is."""
    for metric in Metrics().registry.collect():
        if not metric.name.startswith(("process_", "python_")):
            assert metric.name.startswith("prahari_"), metric.name
            assert metric.documentation.endswith("."), metric.name


def test_what_an_alert_waits_for_is_shown_before_it_happens() -> None:
    """Prometheus sees no increase in a series that begins at 1: the first error would wake nobody."""
    shown = generate_latest(Metrics().registry).decode()

    assert 'prahari_rejected_total{reason="internal_error"} 0.0' in shown
    assert 'prahari_webhook_alerts_total{outcome="undelivered"} 0.0' in shown
