"""The bounded list of the newest alerts, and the view over it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from app.views.alerts import TAIL
from app.views.recent import KEPT_MAX, RecentAlerts
from features.clock import format_event_time
from tests.views.worlds import NOW_MS, HeldWorker

if TYPE_CHECKING:
    from tests.views.worlds import World


def alert(number: int, time_ms: int, payer_vpa: str = "ravi@okaxis") -> bytes:
    """Return the value of an alert."""
    fields = {"alert_id": f"t{number}", "event_time": format_event_time(time_ms), "payer_vpa": payer_vpa}
    return json.dumps(fields).encode()


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2**41)), max_size=500))
def test_keeps_the_newest_by_event_time_each_once(sent: list[tuple[int, int]]) -> None:
    """As a sort of everything sent would, where an id always comes with the same content."""
    times = dict(reversed(sent))
    recent = RecentAlerts()
    for number, _ in sent:
        recent.add(alert(number, times[number]))

    expected = sorted(((time_ms, f"t{number}") for number, time_ms in times.items()), reverse=True)[:KEPT_MAX]
    assert [alert_id for _, alert_id in expected] == [shown["alert_id"] for shown in recent.newest(KEPT_MAX)]


@given(st.one_of(st.none(), st.binary(max_size=60), st.recursive(st.integers() | st.text(), st.lists).map(
    lambda value: json.dumps({"alert_id": value, "event_time": value}).encode())))  # fmt: skip
def test_garbage_in_the_topic_is_left_out(value: bytes | None) -> None:
    """Whatever stands in `alerts`, the view goes on."""
    recent = RecentAlerts()
    recent.add(value)
    recent.add(alert(1, NOW_MS))

    assert "t1" in [shown["alert_id"] for shown in recent.newest(10)]


async def ask(world: World, path: str, *values: bytes, caught_up: bool = True) -> tuple[int, Any]:
    """Return status and body of `/alerts` over these records."""
    worker = HeldWorker()
    await world.serve(worker)
    tail = world.servers[-1].app[TAIL]
    for value in values:
        tail.recent.add(value)
    if caught_up:
        tail.caught_up.set()
    response, body = await worker.get(path)
    return response.status, body


async def test_the_view_chooses_by_limit_time_and_payer(world: World) -> None:
    """Newest first; `before` is exclusive."""
    values = [alert(n, NOW_MS + n, "ravi@okaxis" if n % 2 else "asha@ybl") for n in range(100)]
    for path, expected in (
        ("/alerts", [f"t{n}" for n in range(99, 49, -1)]),
        ("/alerts?limit=2", ["t99", "t98"]),
        (f"/alerts?limit=2&before={NOW_MS + 50}", ["t49", "t48"]),
        ("/alerts?limit=2&payer=Asha@ybl", ["t98", "t96"]),
        ("/alerts?payer=nobody@ybl", []),
        ("/alerts?limit=2&status=open", ["t99", "t98"]),
        ("/alerts?status=confirmed", []),
    ):
        status, body = await ask(world, path, *values)

        assert (200, expected) == (status, [shown["alert_id"] for shown in body["alerts"]])


async def test_bad_choices_are_400(world: World) -> None:
    """A limit beyond what is kept, a payer that is no VPA, a moment that is none."""
    for path in (
        "/alerts?limit=0",
        "/alerts?limit=201",
        "/alerts?limit=x",
        "/alerts?payer=ravi",
        "/alerts?before=x",
        "/alerts?status=x",
    ):
        assert (await ask(world, path))[0] == 400, path


async def test_before_the_topic_is_read_the_view_says_so(world: World) -> None:
    """An empty list would be a wrong answer."""
    assert (await ask(world, "/alerts", caught_up=False))[0] == 503
