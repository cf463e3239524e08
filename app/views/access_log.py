"""One log line per request, without what it must not hold: VPAs are masked, query strings and odd paths left out."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from aiohttp import web

from features.errors import RejectedTransaction
from features.fields import to_vpa
from features.transaction import mask_vpa

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

logger = logging.getLogger("prahari.web")

#: Asked every few seconds; logged at debug level.
_PROBES = frozenset({"/health", "/ready", "/metrics"})


def log_access(*, full_vpa: bool) -> Middleware:
    """Return what logs each request; probes at debug level."""

    @web.middleware
    async def log(request: web.Request, handler: Handler) -> web.StreamResponse:
        start_s = time.perf_counter()
        response = await handler(request)
        took_ms = (time.perf_counter() - start_s) * 1000
        level = logging.DEBUG if request.path in _PROBES else logging.INFO
        logger.log(level, "%s %s %d %.1f ms", request.method, _shown(request, full_vpa), response.status, took_ms)
        return response

    return log


def _shown(request: web.Request, full_vpa: bool) -> str:
    """Return the view and its argument: the path of a request may hold anything, line breaks too."""
    resource = request.match_info.route.resource
    if resource is None:
        return "(no such view)"
    vpa = request.match_info.get("vpa")
    if vpa is None:
        return resource.canonical
    try:
        known = to_vpa(vpa, "vpa")
    except RejectedTransaction:
        return resource.canonical.replace("{vpa}", "(bad VPA)")
    return resource.canonical.replace("{vpa}", known if full_vpa else mask_vpa(known))


class WithoutRequestBytes(logging.Filter):
    """Keeps aiohttp's log of malformed requests to one line: its trace quotes the request, and with it a VPA."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            record.msg, record.args = "malformed request refused: %s", (record.exc_info[0].__name__,)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True
