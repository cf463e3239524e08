"""`/health`: the process is alive. `/ready`: it has restored what it was assigned and takes records."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

import orjson
from aiohttp import web

from app.views.problems import Problem
from app.views.worker import WORKER


async def show_health(request: web.Request) -> web.Response:
    """Answer 200 as long as the event loop turns, 503 once the worker is stopping."""
    if request.app[WORKER].stopping:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the worker is stopping")
    return web.Response(body=orjson.dumps({"status": "alive"}), content_type="application/json")


async def show_ready(request: web.Request) -> web.Response:
    """Answer 200 with what the worker works on, or 503 with the reason why it does not yet."""
    found = asdict(request.app[WORKER].readiness())
    reason = found.pop("reason")
    if reason:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, **found)
    return web.Response(body=orjson.dumps({"status": "ready", **found}), content_type="application/json")
