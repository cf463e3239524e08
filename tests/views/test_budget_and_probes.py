"""The budget of a day, and whether a worker is alive and ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.budget import BudgetLogic
from app.views.readiness import Readiness
from features.clock import ist_day
from tests.views.worlds import NOW_MS, HeldWorker

if TYPE_CHECKING:
    from tests.views.worlds import World


class NoApplied:
    """A budget table of a first start."""

    applied = None


def budget_worker(seen: int) -> HeldWorker:
    """Return a worker whose budget stage has seen so many payments today, all of them candidates."""
    worker = HeldWorker().hold("candidates", 0)
    logic = BudgetLogic(NoApplied(), 5_000, None, clock=lambda: 0.0, report_later=lambda _: None)  # type: ignore[arg-type]
    today = ist_day(NOW_MS)
    logic.budget.observe_run([today] * seen, [900] * seen, [True] * seen)
    worker.held["candidates"][0].logic = logic
    return worker


async def test_every_worker_shows_the_budget_of_a_day(world: World) -> None:
    """The one budget stage answers through whichever worker is asked."""
    one, two = HeldWorker(), budget_worker(1_000)
    await world.serve(one, two)

    (first, body), (_, other) = [await worker.get("/budget/today") for worker in (one, two)]
    _, dated = await one.get(f"/budget/{body['day']}")

    assert first.status == 200
    assert body == other == dated
    assert (body["seen"], body["limit"]) == (1_000, 5)
    assert {"alerted", "threshold", "pace_ppm"} <= set(body)


async def test_a_day_without_payments_is_404(world: World) -> None:
    """A day that the budget does not know has no numbers."""
    one, two = HeldWorker(), budget_worker(10)
    await world.serve(one, two)

    response, problem = await one.get("/budget/2020-01-01")

    assert (response.status, "2020-01-01" in problem["detail"]) == (404, True)


async def test_a_budget_stage_that_runs_nowhere_is_503(world: World) -> None:
    """While it moves, nobody knows the numbers."""
    one, two = HeldWorker(), HeldWorker()
    await world.serve(one, two)

    response, problem = await one.get("/budget/today")

    assert (response.status, problem["missing_partitions"]) == (503, [0])


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "20260101", "2026-02-30", "2026-W01-1", "1"])
async def test_a_bad_day_is_400(world: World, day: str) -> None:
    """A day is YYYY-MM-DD and one that a calendar has."""
    worker = budget_worker(1)
    await world.serve(worker)

    response, _ = await worker.get(f"/budget/{day}")

    assert response.status == 400


async def test_ready_is_200_with_what_the_worker_works_on(world: World) -> None:
    """Partitions, versions and lag are in the answer."""
    worker = HeldWorker(found=Readiness("", {"transactions": [0, 1]}, {"transactions": 3}, "m1", "r1"))
    await world.serve(worker)

    response, body = await worker.get("/ready")

    assert response.status == 200
    assert (body["partitions"]["transactions"], body["lag"]["transactions"]) == ([0, 1], 3)
    assert (body["model_version"], body["rules_version"]) == ("m1", "r1")


async def test_ready_is_503_with_the_reason(world: World) -> None:
    """A worker that still restores says what."""
    worker = HeldWorker(found=Readiness("not restored yet: transactions[2]"))
    await world.serve(worker)

    response, problem = await worker.get("/ready")

    assert (response.status, problem["detail"]) == (503, "not restored yet: transactions[2]")
    assert (await worker.get("/health"))[0].status == 200


async def test_health_is_503_once_the_worker_is_stopping(world: World) -> None:
    """A balancer sees it before the port closes."""
    worker = HeldWorker(stopping=True)
    await world.serve(worker)

    assert (await worker.get("/health"))[0].status == 503
