"""`/alerts`: the newest alerts of the whole deployment, newest first, from the tail that each worker keeps."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from aiohttp import web

from app.views.cases import CASES_MAX, Cases
from app.views.parameters import read_limit, read_time_ms, read_vpa
from app.views.problems import Problem
from app.views.recent import AlertTail
from app.views.tail import TopicTail
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CASES = web.AppKey("cases", Cases)
TAIL = web.AppKey("tail", AlertTail)
LIMIT = 50
SHOWN_MAX = 200
_STATUSES = ("open", "confirmed", "cleared")


async def follow_alerts(app: web.Application) -> AsyncIterator[None]:
    """Follow alerts and what people make of them while the views are served."""
    worker = app[WORKER]
    prefix, options = worker.settings.topic_prefix, worker.client_options
    app[TAIL] = AlertTail(prefix + "alerts", worker.partitions, options)
    app[CASES] = Cases()
    cases = TopicTail(prefix + "case-events", 1, options, back=CASES_MAX, take=app[CASES].add)
    following = [
        asyncio.create_task(app[TAIL].run(), name="alerts tail"),
        asyncio.create_task(cases.run(), name="cases tail"),
    ]
    yield
    for task in following:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def show_alerts(request: web.Request) -> web.Response:
    """Answer `/alerts?limit=50&before=...&payer=...&payee=...&status=...`."""
    limit = read_limit(request, LIMIT, SHOWN_MAX)
    before = request.query.get("before")
    before_ms = None if before is None else read_time_ms(before, "before")
    wanted = {
        f"{role}_vpa": read_vpa(request.query[role], role) for role in ("payer", "payee") if role in request.query
    }
    status = request.query.get("status")
    if status is not None and status not in _STATUSES:
        raise Problem(HTTPStatus.BAD_REQUEST, f"status needs one of {', '.join(_STATUSES)}")
    tail, cases = request.app[TAIL], request.app[CASES]
    if not tail.caught_up.is_set():
        detail = "the newest alerts are still being read. Ask again in a second."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"})

    def holds(alert: dict[str, Any]) -> bool:
        if status is not None and cases.status(alert["alert_id"]) != status:
            return False
        return all(alert.get(name) == vpa for name, vpa in wanted.items())

    alerts = tail.recent.newest(limit, before_ms=before_ms, holds=holds)
    shown = [{**alert, "status": cases.status(alert["alert_id"])} for alert in alerts]
    return web.Response(body=orjson.dumps({"alerts": shown}), content_type="application/json")


async def show_alert(request: web.Request) -> web.Response:
    """Answer `/alerts/{alert_id}` with its trail: who gave it which status, when and why."""
    alert_id = request.match_info["alert_id"]
    alert, cases = request.app[TAIL].recent.get(alert_id), request.app[CASES]
    if alert is None:
        raise Problem(HTTPStatus.NOT_FOUND, "this alert is not among the newest")
    body = {**alert, "status": cases.status(alert_id), "trail": cases.trail(alert_id)}
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")
