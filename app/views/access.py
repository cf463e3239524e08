"""Who may see the views: whoever shows the token, or, where none is set, whoever is on this machine.

`/health`, `/ready` and `/metrics` are open by choice: probes and scrapers carry no token, and no account is in them.
Without a token the worker listens on loopback only and answers only to a loopback name, so that a web page in an
operator's browser cannot reach it under a name of its own.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING

from aiohttp import web

from app.views.problems import Problem
from features.errors import SettingsError

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

OPEN_PATHS = frozenset({"/health", "/ready", "/metrics"})
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


def check_exposure(api_token: str, web_bind: str) -> None:
    """Raise `SettingsError` where anyone on the network could read accounts: no token and not loopback only.

    >>> check_exposure("", "127.0.0.1"), check_exposure("secret", "0.0.0.0")
    (None, None)
    """
    if not api_token and not is_loopback(web_bind):
        raise SettingsError(
            f"needed PRAHARI_API_TOKEN to serve the views beyond this machine, got none with WEB_BIND={web_bind!r}: "
            "anyone could read accounts. Set PRAHARI_API_TOKEN on every worker, or WEB_BIND=127.0.0.1, or start with "
            "--without-web."
        )


def authenticate(api_token: str) -> Middleware:
    """Return what lets requests through to the views."""
    expected = api_token.encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in OPEN_PATHS:
            if expected:
                _check_token(request.headers.get("Authorization"), expected)
            else:
                _check_host(request)
        return await handler(request)

    return check


def _check_token(authorization: str | None, expected: bytes) -> None:
    if authorization is None:
        raise Problem(401, "a bearer token is needed, got none", headers=_challenge(""))
    is_bearer = authorization[: len(_SCHEME)].lower() == _SCHEME
    shown = authorization[len(_SCHEME) :].strip().encode(errors="surrogateescape")
    if not hmac.compare_digest(shown, expected) or not is_bearer:
        detail = "the worker's bearer token is needed, got another"
        raise Problem(401, detail, headers=_challenge(', error="invalid_token"'))


def _challenge(error: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="prahari"{error}'}


def _check_host(request: web.Request) -> None:
    try:
        host = request.url.host or ""
    except ValueError:  # a Host header that no URL can be made of
        host = ""
    if not is_loopback(host):
        detail = "without PRAHARI_API_TOKEN the views answer only under a loopback name, such as localhost"
        raise Problem(421, detail)
