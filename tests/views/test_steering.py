"""`POST /control`: a record in the name of who sends it, or a reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.control import sending
from features.errors import ControlError
from tests.views.worlds import HeldWorker

if TYPE_CHECKING:
    from tests.views.worlds import World

ENTRY = {"list": "block", "subject": "vpa", "id": "bad@ybl", "until": None}


@pytest.fixture
async def worker(world: World) -> HeldWorker:
    """Serve a worker."""
    held = HeldWorker()
    await world.serve(held)
    return held


async def test_a_record_is_put_in_the_name_of_who_sends_it(worker: HeldWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its place is told."""
    put: list[Any] = []

    async def take(record: Any, *_: object) -> int:
        put.append(record)
        return 7

    monkeypatch.setattr(sending, "put", take)
    response, body = await worker.request("POST", "/control", json={"kind": "list", "entries": [ENTRY], "note": "n"})

    assert (response.status, body) == (202, {"offset": 7})
    assert (put[0].put_by, put[0].note, put[0].entries[0].id) == ("local", "n", "bad@ybl")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "list", "entries": [ENTRY], "put_by": "somebody else"}, 400),
        ({"kind": "list", "entries": []}, 422),
        ({"kind": "list", "entries": [{**ENTRY, "list": "ban"}]}, 422),
        ({"kind": "nothing"}, 422),
        ({"kind": "alert_rate", "rate_ppm": 0}, 422),
        ([], 400),
    ],
)
async def test_what_is_no_record_is_not_put(
    worker: HeldWorker, monkeypatch: pytest.MonkeyPatch, body: Any, status: int
) -> None:
    """Nobody signs for somebody else."""

    async def never(*_: object) -> int:
        raise AssertionError("nothing should be put")

    monkeypatch.setattr(sending, "put", never)

    assert (await worker.request("POST", "/control", json=body))[0].status == status


async def test_what_could_not_take_force_is_said_why(worker: HeldWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of the control plane."""

    async def refuse(*_: object) -> int:
        raise ControlError("rules: line 7 is wrong")

    monkeypatch.setattr(sending, "put", refuse)
    response, problem = await worker.request("POST", "/control", json={"kind": "list", "entries": [ENTRY]})

    assert (response.status, problem["detail"]) == (422, "rules: line 7 is wrong")
