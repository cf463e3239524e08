"""One log line and one measurement per request, without what they must not hold.

VPAs are masked, query strings and odd paths left out.
"""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from app.views.access import CALLER
from app.views.worker import WORKER
from features.errors import RejectedTransaction
from features.fields import to_vpa
from features.transaction import mask_vpa

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

logger = logging.getLogger("prahari.web")

#: Asked every few seconds; logged at debug level.
_PROBES = frozenset({"/health", "/ready", "/metrics"})
#: Asked for every payment: an answer is logged at debug level, a refusal as all others. Metrics count both.
_PAYMENTS = frozenset({"/score"})
_STREAM = "text/event-stream"


def log_access(*, full_vpa: bool) -> Middleware:
    """Return what logs each request; probes and payments that are answered at debug level."""

    @web.middleware
    async def log(request: web.Request, handler: Handler) -> web.StreamResponse:
        start_s = time.perf_counter()
        response = await handler(request)
        took_s = time.perf_counter() - start_s
        level = logging.DEBUG if _is_routine(request, response) else logging.INFO
        if logger.isEnabledFor(level):
            shown = _shown(request, full_vpa)
            caller = request.get(CALLER)
            who = "nobody" if caller is None else caller.name
            took_ms = took_s * 1000
            logger.log(level, "%s %s %d %.1f ms, asked by %s", request.method, shown, response.status, took_ms, who)
        if response.content_type != _STREAM:
            request.app[WORKER].metrics.http.labels(_view(request), response.status).observe(took_s)
        return response

    return log


def _is_routine(request: web.Request, response: web.StreamResponse) -> bool:
    answered = response.status < HTTPStatus.BAD_REQUEST
    return request.path in _PROBES or (request.path in _PAYMENTS and answered)


def _view(request: web.Request) -> str:
    """Return the path of a route, one of a few: what is in a request's own path may be anything."""
    resource = request.match_info.route.resource
    return "(no such view)" if resource is None else resource.canonical


def _shown(request: web.Request, full_vpa: bool) -> str:
    """Return the view and its argument: the path of a request may hold anything, line breaks too."""
    view, vpa = _view(request), request.match_info.get("vpa")
    if vpa is None:
        return view
    try:
        known = to_vpa(vpa, "vpa")
    except RejectedTransaction:
        return view.replace("{vpa}", "(bad VPA)")
    return view.replace("{vpa}", known if full_vpa else mask_vpa(known))


class WithoutRequestBytes(logging.Filter):
    """Keeps aiohttp's log of malformed requests to one line: its trace quotes the request, and with it a VPA."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            record.msg, record.args = "malformed request refused: %s", (record.exc_info[0].__name__,)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True
