"""How much and how long a client may ask: requests a second, bytes of a body, seconds of an answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import web

from app.views.access import CALLERS
from app.views.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aiohttp.typedefs import Handler, Middleware

BODY_BYTES_MAX = 64 * 1024
BATCH_BYTES_MAX = 1024 * 1024
REQUEST_S_MAX = 30.0
LOGINS_PER_S = 0.2
_BURST_S = 2
_CLIENTS_MAX = 4_096

Body = TypeVar("Body")


class RateLimit:
    """Tokens by client: `per_s` come in each second, up to `burst`; the clients not heard of longest are forgotten.

    >>> limit = RateLimit(per_s=1, burst=2, clock=lambda: 0.0)
    >>> [limit.wait_s("asha") for _ in range(3)], limit.wait_s("ravi")
    ([0.0, 0.0, 1.0], 0.0)
    """

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, client: str) -> float:
        """Take a token and return 0, or return in how many seconds there is one."""
        now_s = self._clock()
        left, at_s = self._left.pop(client, (self._burst, now_s))
        left = min(self._burst, left + (now_s - at_s) * self._per_s)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now_s)
        if len(self._left) > _CLIENTS_MAX:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_s


def limit_rate(per_s: int, open_paths: Collection[str]) -> Middleware:
    """Return what answers 429 to a client that asks more than `per_s` a second (0: no limit); probes are not counted.

    A client is its token, else its address; attempts to log in have a limit of their own.
    """
    requests = RateLimit(per_s, per_s * _BURST_S) if per_s else None
    logins = RateLimit(LOGINS_PER_S, 10)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/login":
            wait_s = logins.wait_s(request.remote or "")
        elif requests is None or request.path in open_paths:
            wait_s = 0.0
        else:
            wait_s = requests.wait_s(_client(request))
        if wait_s:
            detail = "this client asks more than its rate limit allows (PRAHARI_RATE_LIMIT)"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(max(1, math.ceil(wait_s)))})
        return await handler(request)

    return check


def _client(request: web.Request) -> str:
    """Return who asks, before it is known whether the token is one of ours: a wrong one counts for its address."""
    callers = request.app[CALLERS]
    shown = request.headers.get("Authorization", "").partition(" ")[2].strip()
    caller = callers.find(shown) if shown and callers else None
    if caller is not None:
        return f"name {caller.name}"
    return f"address {request.remote}"


def limit_time(endless_paths: Collection[str]) -> Middleware:
    """Return what ends an answer that takes too long; streams of events have no end."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in endless_paths:
            return await handler(request)
        try:
            async with asyncio.timeout(REQUEST_S_MAX):
                return await handler(request)
        except TimeoutError as exc:
            detail = f"no answer within {REQUEST_S_MAX:.0f} s"
            raise Problem(HTTPStatus.GATEWAY_TIMEOUT, detail) from exc

    return check


async def read_body(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Return a JSON request's body; 415 for another type (no form of another site can send this one), 413 if larger."""
    if request.content_type != "application/json":
        detail = f"a body of application/json is needed, got {request.content_type}"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        body = b" " * (bytes_max + 1)
    if len(body) > bytes_max:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body of at most {bytes_max} bytes is needed, got more")
    return body


async def read_json(request: web.Request, shape: type[Body], bytes_max: int = BODY_BYTES_MAX) -> Body:
    """Return a request's body as `shape`; 400 says what does not fit."""
    body = await read_body(request, bytes_max)
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body does not fit: {_plain(exc)}") from exc


def _plain(exc: Any) -> str:
    return str(exc).replace("`", "")[:200]
