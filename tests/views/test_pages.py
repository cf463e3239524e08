"""The dashboard's files and the documentation: open, self-contained, and complete."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from app.views.openapi import document
from app.views.pages import HERE
from app.views.routes import ROUTES
from tests.views.worlds import HeldWorker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.views.worlds import World

SPEC = json.loads(json.dumps(document(ROUTES)))


def every(node: Any, key: str) -> Iterator[Any]:
    """Yield each value of a key, anywhere."""
    if isinstance(node, dict):
        yield from (node[key] for _ in [0] if key in node)
        for value in node.values():
            yield from every(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from every(value, key)


async def test_the_page_and_what_it_loads_are_open_and_may_load_nothing_else(world: World) -> None:
    """Before anybody logs in; the policy lets scripts and styles come from the worker alone."""
    worker = HeldWorker(api_token="s3cret-0123456789")
    await world.serve(worker)

    for path in ("/", *(f"/assets/{file.name}" for file in HERE.iterdir())):
        response, _ = await worker.get(path)

        assert response.status == 200, path
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), path
        assert "unsafe" not in policy


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address of another host in any file, but for the name of SVG."""
    for file in HERE.iterdir():
        found = set(re.findall(r"(?:https?:)?//[a-z][\w.-]+\.\w+", file.read_text(encoding="utf-8")))
        assert found <= {"http://www.w3.org"}, file


async def test_a_file_that_did_not_change_is_not_sent_again(world: World) -> None:
    """By its tag; a name that is no file is 404, whatever it is."""
    worker = HeldWorker()
    await world.serve(worker)
    response, _ = await worker.get("/assets/app.js")
    again, _ = await worker.get("/assets/app.js", headers={"If-None-Match": response.headers["ETag"]})

    assert again.status == 304
    for name in ("nothing.js", "..%2Fpages.py", "%2Fetc%2Fpasswd", "index.html%00"):
        assert (await worker.get(f"/assets/{name}"))[0].status == 404, name


async def test_the_documents_are_served_and_name_every_view(world: World) -> None:
    """For machines and for people."""
    worker = HeldWorker()
    await world.serve(worker)

    _, spec = await worker.get("/openapi.json")
    _, page = await worker.get("/docs")

    assert spec == SPEC
    for route in ROUTES:
        assert route.method.lower() in spec["paths"][route.path]
        assert f"<code>{route.path}</code>" in page
    assert "<script" not in page


def test_the_document_holds_together() -> None:
    """Every reference leads somewhere, every path argument is told, every operation has its own id."""
    for reference in every(SPEC, "$ref"):
        assert reference.removeprefix("#/components/schemas/") in SPEC["components"]["schemas"]
    for path, operations in SPEC["paths"].items():
        for operation in operations.values():
            told = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
            assert told == set(re.findall(r"\{(\w+)\}", path))
    ids = list(every(SPEC["paths"], "operationId"))
    assert len(ids) == len(set(ids)) == len(ROUTES)
