"""`/alerts`: the newest alerts of the whole deployment, newest first, from the tail that each worker keeps."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from app.views.parameters import read_limit, read_time_ms, read_vpa
from app.views.problems import Problem
from app.views.recent import KEPT_MAX
from app.views.tail import AlertTail
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TAIL = web.AppKey("tail", AlertTail)
LIMIT = 50


async def follow_alerts(app: web.Application) -> AsyncIterator[None]:
    """Follow the topic while the views are served."""
    worker = app[WORKER]
    app[TAIL] = AlertTail(worker.settings.topic_prefix + "alerts", worker.partitions, worker.client_options)
    following = asyncio.create_task(app[TAIL].run(), name="alerts tail")
    yield
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def show_alerts(request: web.Request) -> web.Response:
    """Answer `/alerts?limit=50&before=...&payer=...`."""
    limit = read_limit(request, LIMIT, KEPT_MAX)
    before, payer_vpa = request.query.get("before"), request.query.get("payer")
    before_ms = None if before is None else read_time_ms(before, "before")
    payer_vpa = None if payer_vpa is None else read_vpa(payer_vpa, "payer")
    tail = request.app[TAIL]
    if not tail.caught_up.is_set():
        detail = "the newest alerts are still being read. Ask again in a second."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"})
    alerts = tail.recent.newest(limit, before_ms=before_ms, payer_vpa=payer_vpa)
    return web.Response(body=orjson.dumps({"alerts": alerts}), content_type="application/json")
