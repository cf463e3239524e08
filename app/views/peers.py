"""How a worker asks another for its client: with the client's credentials, over TLS where the views speak it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yarl import URL

from app.views.sessions import COOKIE, CSRF_HEADER
from app.web_tls import asking_tls

if TYPE_CHECKING:
    from aiohttp import web

    from app.settings import Settings

__all__ = ["asking_tls", "credentials", "reachable"]


def credentials(request: web.Request) -> dict[str, str]:
    """Return the headers that show a peer who asks: it looks for itself whether they may."""
    headers = {name: request.headers[name] for name in ("Authorization", CSRF_HEADER) if name in request.headers}
    if COOKIE in request.cookies:
        headers["Cookie"] = f"{COOKIE}={request.cookies[COOKIE]}"
    return headers


def reachable(settings: Settings, url: str) -> str:
    """Return a peer's URL as it can be asked: Faust names workers by http whatever they speak.

    >>> from app.settings import Settings
    >>> reachable(Settings(), "http://one:6066"), reachable(Settings(web_tls_cert_file="c"), "http://one:6066")
    ('http://one:6066', 'https://one:6066')
    """
    return url if settings.web_tls_cert_file is None else str(URL(url).with_scheme("https")).rstrip("/")
