"""How a worker asks another for its client: with the client's credentials, over TLS where the views speak it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from yarl import URL

from app.views.callers import Caller, Role
from app.views.sessions import COOKIE, CSRF_HEADER
from app.web_tls import asking_tls

if TYPE_CHECKING:
    from aiohttp import web

    from app.settings import Settings
    from app.views.sessions import Sessions

__all__ = ["asking_tls", "credentials", "own_credentials", "reachable"]


def credentials(request: web.Request) -> dict[str, str]:
    """Return the headers that show a peer who asks: it looks for itself whether they may."""
    headers = {name: request.headers[name] for name in ("Authorization", CSRF_HEADER) if name in request.headers}
    if COOKIE in request.cookies:
        headers["Cookie"] = f"{COOKIE}={request.cookies[COOKIE]}"
    return headers


def own_credentials(sessions: Sessions) -> dict[str, str]:
    """Return the headers by which peers know a worker that asks for itself: it may see, and change nothing."""
    return {"Cookie": f"{COOKIE}={sessions.sign(Caller('worker', Role.VIEWER), int(time.time()))}"}


def reachable(settings: Settings, url: str) -> str:
    """Return a peer's URL as it can be asked: Faust names workers by http whatever they speak.

    >>> from app.settings import Settings
    >>> reachable(Settings(), "http://one:6066"), reachable(Settings(web_tls_cert_file="c"), "http://one:6066")
    ('http://one:6066', 'https://one:6066')
    """
    return url if settings.web_tls_cert_file is None else str(URL(url).with_scheme("https")).rstrip("/")
