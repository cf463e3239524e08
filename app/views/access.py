"""Who may see the views and do what: a bearer token, a session of the dashboard, or, with no token set, this machine.

The page itself, `/health`, `/ready`, `/metrics` and the documentation are open by choice: no account is in them.
Without a token the worker listens on loopback only and answers only to a loopback name, so that a web page in an
operator's browser cannot reach it under a name of its own.
"""

from __future__ import annotations

import ipaddress
import time
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from app.views.callers import LOCAL, TOKEN_CHARS_MIN, Caller, Callers, Role
from app.views.problems import Problem
from app.views.sessions import COOKIE, CSRF_HEADER, Sessions
from features.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aiohttp.typedefs import Handler, Middleware

CALLERS = web.AppKey("callers", Callers)
SESSIONS = web.AppKey("sessions", Sessions)
CALLER = web.RequestKey("caller", Caller)
SAFE_METHODS = frozenset({"GET", "HEAD"})
_SCHEME = "bearer "


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine and no other.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0", "", "bank.example")]
    [True, True, True, True, False, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def check_exposure(api_token: str, web_bind: str, tokens_file: Path | None = None) -> None:
    """Raise `SettingsError` where anyone on the network could read accounts: no token, or a short one, beyond loopback.

    >>> check_exposure("", "127.0.0.1"), check_exposure("0123456789abcdef", "0.0.0.0")
    (None, None)
    """
    if not api_token and tokens_file is None and not is_loopback(web_bind):
        raise SettingsError(
            f"needed PRAHARI_API_TOKEN to serve the views beyond this machine, got none with WEB_BIND={web_bind!r}: "
            "anyone could read accounts. Set PRAHARI_API_TOKEN or PRAHARI_API_TOKENS_FILE on every worker, or "
            "WEB_BIND=127.0.0.1, or start with --without-web."
        )
    if api_token and len(api_token) < TOKEN_CHARS_MIN and not is_loopback(web_bind):
        raise SettingsError(
            f"needed PRAHARI_API_TOKEN of at least {TOKEN_CHARS_MIN} characters to serve the views beyond this "
            f"machine, got {len(api_token)}: a short one can be guessed. Make one with `openssl rand -hex 32`."
        )


def authenticate(roles: Mapping[tuple[str, str], Role | None]) -> Middleware:
    """Return what lets requests through; `roles` by method and path of a route, None for the open ones."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        place = (request.method, "" if resource is None else resource.canonical)
        needed = roles.get(place, Role.VIEWER)
        if not request.app[CALLERS]:
            _check_host(request)
        if needed is not None:
            caller = identify(request)
            if caller.role < needed:
                detail = f"{place[1]} needs the role {needed.name.lower()}, got {caller.role.name.lower()}"
                raise Problem(HTTPStatus.FORBIDDEN, detail)
            request[CALLER] = caller
        return await handler(request)

    return check


def identify(request: web.Request) -> Caller:
    """Return who calls, or raise what says how to call."""
    callers = request.app[CALLERS]
    if not callers:
        _check_origin(request)
        return LOCAL
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        return _by_token(authorization, callers)
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "a bearer token is needed, got none", headers=_challenge(""))
    return _by_session(request, cookie)


def _by_token(authorization: str, callers: Callers) -> Caller:
    caller = callers.find(authorization[len(_SCHEME) :].strip())
    if caller is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        detail = "the worker's bearer token is needed, got another"
        raise Problem(HTTPStatus.UNAUTHORIZED, detail, headers=_challenge(', error="invalid_token"'))
    return caller


def _by_session(request: web.Request, cookie: str) -> Caller:
    sessions = request.app[SESSIONS]
    caller = sessions.read(cookie, int(time.time()))
    if caller is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "the session is over; log in again", headers=_challenge(""))
    if request.method not in SAFE_METHODS:
        _check_origin(request)
        if not sessions.allows(cookie, request.headers.get(CSRF_HEADER, "")):
            raise Problem(HTTPStatus.FORBIDDEN, f"a session needs its token in {CSRF_HEADER} to change anything")
    return caller


def _challenge(error: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="prahari"{error}'}


def _check_origin(request: web.Request) -> None:
    """Refuse what a page of another site sends with the rights of this browser."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    if origin is not None and _host_and_port(origin) != _host_and_port(f"http://{request.host}"):
        raise Problem(HTTPStatus.FORBIDDEN, "pages of other sites may not change anything here")


def _host_and_port(url: str) -> str | None:
    try:
        return URL(url).authority or None
    except ValueError:
        return None


def _check_host(request: web.Request) -> None:
    if not _names_this_machine(request.host):
        detail = "without PRAHARI_API_TOKEN the views answer only under a loopback name, such as localhost"
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, detail)


@lru_cache(maxsize=256)
def _names_this_machine(host_header: str) -> bool:
    """Whether a Host header is this machine and no other; the few that there are come with every request."""
    try:
        return is_loopback(URL(f"http://{host_header}").host or "")
    except ValueError:  # a header that no URL can be made of
        return False
