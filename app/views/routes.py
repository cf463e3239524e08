"""The views on one page: every path, who may see it and what goes round it. There is no other route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from app.views.access import authenticate
from app.views.access_log import log_access
from app.views.accounts import show_payee, show_payer
from app.views.alerts import follow_alerts, show_alerts
from app.views.locate import connect_peers
from app.views.probes import show_health, show_ready
from app.views.problems import answer_problems
from app.views.spending import show_budget
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.views.worker import Worker

VIEWS = {
    "/payers/{vpa}": (show_payer, "a payer's windows and newest payments; ?at= chooses the moment"),
    "/payees/{vpa}": (show_payee, "a payee's windows and newest payments; ?at= chooses the moment"),
    "/budget/{day}": (show_budget, "a day's alert budget; YYYY-MM-DD in IST, or today"),
    "/alerts": (show_alerts, "the newest alerts; ?limit=, ?before= and ?payer= choose"),
    "/health": (show_health, "whether the process is alive"),
    "/ready": (show_ready, "whether the worker takes records, and what it works on"),
}

Background = Callable[[web.Application], AsyncIterator[None]]
BACKGROUND: Sequence[Background] = (connect_peers, follow_alerts)

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def create_application(worker: Worker, background: Sequence[Background] = BACKGROUND) -> web.Application:
    """Return the aiohttp application with all views of a worker; `background` runs as long as it is served."""
    settings = worker.settings
    application = web.Application(
        middlewares=[
            log_access(full_vpa=settings.log_full_vpa),
            answer_problems,
            authenticate(settings.api_token),
        ],
        client_max_size=64 * 1024,
    )
    application[WORKER] = worker
    application.cleanup_ctx.extend(background)
    application.on_response_prepare.append(_protect)
    application.router.add_get("/", show_index, allow_head=False)
    for path, (view, _) in VIEWS.items():
        application.router.add_get(path, view, allow_head=False)
    return application


async def show_index(_: web.Request) -> web.Response:
    """Answer `/` with what there is."""
    views = {path: meaning for path, (_, meaning) in VIEWS.items()}
    return web.Response(body=orjson.dumps({"service": "prahari", "views": views}), content_type="application/json")


async def _protect(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "prahari"
