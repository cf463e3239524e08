"""What people make of alerts: verdicts go to `labels`, who gave them to the audit trail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from app.views.alerts import CASES, TAIL
from app.views.cases import CASES_MAX, EVENTS_PER_CASE_MAX, CaseEvent, Cases
from app.views.scoring import DEPLOYMENT
from features.clock import format_event_time
from features.murmur import murmur2_partition
from features.transaction import parse_verdict
from tests.views.worlds import NOW_MS, PARTITIONS, HeldWorker

if TYPE_CHECKING:
    from aiohttp import web

    from tests.views.worlds import World

ALERT = {
    "alert_id": "t1",
    "transaction_id": "t1",
    "event_time": format_event_time(NOW_MS - 5000),
    "amount": 950.5,
    "payer_vpa": "ravi@okaxis",
    "payee_vpa": "shop@ybl",
    "risk": 93,
}


@pytest.fixture
async def worker(world: World) -> HeldWorker:
    """Serve a worker that knows one alert."""
    held = HeldWorker()
    await world.serve(held)
    tail = app_of(world)[TAIL]
    tail.recent.add(json.dumps(ALERT).encode())
    tail.caught_up.set()
    return held


def app_of(world: World) -> web.Application:
    """Return the application that is served."""
    return world.servers[-1].app


def put(world: World) -> list[Any]:
    """Return what was put into topics."""
    return list(app_of(world)[DEPLOYMENT].records)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "is_fraud"), [("confirmed", True), ("cleared", False)])
async def test_judging_an_alert_writes_a_verdict_and_who_gave_it(
    world: World, worker: HeldWorker, status: str, is_fraud: bool
) -> None:
    """The verdict first, in the payer's partition, as the stream reads it; then the trail, which shows at once."""
    response, body = await worker.request("POST", "/alerts/t1/status", json={"status": status, "note": "rang her"})

    assert (response.status, body["status"], body["by"]) == (202, status, "local")
    (topic, partition, key, value), (trail_topic, *_, event) = put(world)
    assert (topic, partition, key) == ("labels", murmur2_partition(b"ravi@okaxis", PARTITIONS), b"ravi@okaxis")
    verdict = parse_verdict(json.dumps(value).encode(), NOW_MS)
    assert (verdict.transaction_id, verdict.is_fraud, verdict.label_time_ms) == ("t1", is_fraud, NOW_MS)
    assert verdict.source == "web:local"
    assert (trail_topic, event["status"], event["note"]) == ("case-events", status, "rang her")
    _, shown = await worker.get("/alerts/t1")
    assert (shown["status"], [step["by"] for step in shown["trail"]]) == (status, ["local"])
    _, listed = await worker.get(f"/alerts?status={status}")
    assert [alert["alert_id"] for alert in listed["alerts"]] == ["t1"]


@pytest.mark.parametrize(("given", "source"), [({}, "web:local"), ({"source": "bank"}, "web:local:bank")])
async def test_a_verdict_names_the_client_that_gave_it(
    world: World, worker: HeldWorker, given: dict[str, str], source: str
) -> None:
    """Whom it speaks for may be said; nobody signs a verdict as somebody else."""
    await worker.request("POST", "/labels", json={"transaction_id": "t1", "is_fraud": True, **given})

    assert put(world)[0][3]["source"] == source


async def test_opening_again_is_told_in_the_trail_only(world: World, worker: HeldWorker) -> None:
    """A verdict cannot be unsaid; the status can."""
    for status in ("confirmed", "open"):
        await worker.request("POST", "/alerts/t1/status", json={"status": status})

    assert [topic for topic, *_ in put(world)] == ["labels", "case-events", "case-events"]
    _, shown = await worker.get("/alerts/t1")
    assert (shown["status"], [step["status"] for step in shown["trail"]]) == ("open", ["confirmed", "open"])


async def test_a_label_needs_only_id_and_verdict_where_the_alert_is_at_hand(world: World, worker: HeldWorker) -> None:
    """And everything where it is not."""
    response, _ = await worker.request("POST", "/labels", json={"transaction_id": "t1", "is_fraud": 1})
    assert response.status == 202
    assert app_of(world)[CASES].status("t1") == "confirmed"

    response, problem = await worker.request("POST", "/labels", json={"transaction_id": "t2", "is_fraud": 1})
    assert (response.status, problem["reason"]) == (422, "missing_field")

    known = {name: ALERT[name] for name in ("event_time", "amount", "payer_vpa", "payee_vpa")}
    body = {"transaction_id": "t2", "is_fraud": False, **known, "source": "court", "label_time": NOW_MS - 1}
    response, _ = await worker.request("POST", "/labels", json=body)
    assert response.status == 202
    assert put(world)[-1][3] == {**body, "source": "web:local:court"}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/alerts/t9/status", {"status": "confirmed"}, 404),
        ("/alerts/t1/status", {"status": "maybe"}, 400),
        ("/alerts/t1/status", {"status": "cleared", "note": "x" * 401}, 422),
        ("/alerts/t1/status", {"status": "cleared", "by": "somebody else"}, 400),
        ("/labels", {"transaction_id": "t1", "is_fraud": 2}, 422),
        ("/labels", {"transaction_id": "t1"}, 422),
        ("/labels", [], 400),
        ("/labels", {"transaction_id": "t1", "is_fraud": 1, "label_time": NOW_MS + 3_600_000}, 422),
    ],
)
async def test_what_is_no_judgement_changes_nothing(
    world: World, worker: HeldWorker, path: str, body: Any, status: int
) -> None:
    """Nobody signs for somebody else either."""
    response, _ = await worker.request("POST", path, json=body)

    assert (response.status, put(world)) == (status, [])


def event(number: int, status: str, at: int = 0) -> bytes:
    """Return a record of the trail."""
    return msgspec.json.encode(CaseEvent(f"t{number}", status, "asha", format_event_time(NOW_MS + at)))  # type: ignore[arg-type]


def test_precision_counts_the_newest_status_of_each_alert_once() -> None:
    """Whatever was changed, repeated, or is no event."""
    cases = Cases()
    for value in (
        event(1, "confirmed"), event(1, "confirmed"), event(2, "confirmed"), event(2, "cleared", 1),
        event(3, "confirmed"), event(3, "open", 1), event(4, "cleared"), b"", None, b"{}", b"[1]",
    ):  # fmt: skip
        cases.add(value)

    assert cases.judged() == {"judged": 3, "confirmed": 1, "cleared": 2, "precision": 1 / 3}


def test_cases_and_their_trails_are_bounded() -> None:
    """The oldest go, and are counted no more."""
    cases = Cases()
    for number in range(CASES_MAX + 100):
        cases.add(event(number, "confirmed"))
    for at in range(EVENTS_PER_CASE_MAX * 2):
        cases.add(event(CASES_MAX, "cleared" if at % 2 else "open", at))

    assert cases.judged()["judged"] == CASES_MAX
    assert len(cases.trail(f"t{CASES_MAX}")) == EVENTS_PER_CASE_MAX
    assert cases.status("t0") == "open"
