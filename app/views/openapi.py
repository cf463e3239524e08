"""`/openapi.json`: the list of views for machines, made from the list that the router has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from app.views.route import ROUTE_LIST
from app.views.schemas import SCHEMAS, STATUS, VPA, Schema, array, maybe, record, ref, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.views.route import Route, Routes

_argument = re.compile(r"\{(\w+)\}").findall

_ARGUMENTS: dict[str, Schema] = {
    "vpa": VPA,
    "day": text("YYYY-MM-DD in IST, or today"),
    "alert_id": text("the alert's id, which is its payment's"),
    "name": text("a file's name"),
    "partition": {"type": "integer"},
    "sequence": {"type": "integer"},
}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": 200}
_AT = text("the moment to look from, RFC 3339 or epoch milliseconds; absent means now")
_QUERY: dict[str, dict[str, Schema]] = {
    "/payers/{vpa}": {"at": _AT},
    "/payees/{vpa}": {"at": _AT},
    "/payers/{vpa}/decisions": {"limit": {**_LIMIT, "maximum": 100}},
    "/alerts": {"limit": _LIMIT, "before": _AT, "payer": VPA, "payee": VPA, "status": STATUS},
    "/score": {"dry_run": {"type": "boolean"}},
    "/score/batch": {"dry_run": {"type": "boolean"}},
}
_BODIES: dict[str, Schema] = {
    "/score": ref("Payment"),
    "/score/batch": {**array(ref("Payment")), "minItems": 1, "maxItems": 500},
    "/labels": ref("Label"),
    "/alerts/{alert_id}/status": ref("Judgement"),
    "/control": ref("Control"),
    "/login": record({"token": text("the client's token")}),
}
_ANSWERS: dict[str, Schema] = {
    "/score": ref("Verdict"),
    "/score/batch": record({"results": array(ref("BatchResult"))}),
    "/alerts": record({"alerts": array(ref("Alert"))}),
    "/alerts/{alert_id}": ref("Alert"),
    "/budget/{day}": ref("Budget"),
    "/control": record({"offset": {"type": "integer", "description": "the record's place in `control`"}}),
    "/session": record({"name": text("who"), "role": text("as what"), "csrf_token": maybe(text("of a session"))}),
}
_MEDIA = {"/": "text/html", "/docs": "text/html", "/live": "text/event-stream", "/assets/{name}": "text/javascript"}
_ACCEPTED = {"/control", "/labels", "/alerts/{alert_id}/status"}
_NO_CONTENT = {"/logout"}
_SCORE_PROBLEMS = {
    "409": "another payment has this transaction_id, or its verdict is out of reach",
    "422": "no payment that can be decided; `reason` says why",
    "503": "too many payments wait",
    "504": "no verdict in time; the payment is counted once, and asking again gets the verdict",
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these views."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Prahari",
            "version": "0.1.0",
            "summary": "Scores every UPI payment while it happens, and says why.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _ARGUMENTS[name]} for name in _argument(route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": schema} for name, schema in _QUERY.get(route.path, {}).items()
    ]
    operation: dict[str, Any] = {
        "summary": route.meaning,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "parameters": parameters,
        "security": [] if route.role is None else [{"token": []}],
        "responses": _responses(route),
    }
    if route.role is not None:
        operation["description"] = f"Needs the role {route.role.name.lower()}."
    if route.method == "POST" and route.path in _BODIES:
        content = {"application/json": {"schema": _BODIES[route.path]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    media = _MEDIA.get(route.path, "application/json")
    schema = _ANSWERS.get(route.path, {"type": "object"} if media == "application/json" else {"type": "string"})
    if route.path in _NO_CONTENT:
        good: dict[str, Any] = {"204": {"description": "done"}}
    else:
        status = "202" if route.path in _ACCEPTED else "200"
        good = {status: {"description": route.meaning, "content": {media: {"schema": schema}}}}
    if route.path == "/score":
        good |= {status: _problem(meaning) for status, meaning in _SCORE_PROBLEMS.items()}
    return {**good, "default": _problem("a problem, RFC 9457")}


def _problem(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": {"application/problem+json": {"schema": ref("Problem")}}}


async def show_openapi(request: web.Request) -> web.Response:
    """Answer `/openapi.json`."""
    routes: Routes = request.app[ROUTE_LIST]
    return web.Response(body=orjson.dumps(document(routes)), content_type="application/json")
