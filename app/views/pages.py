"""The dashboard's files: `/` and what it loads, all from this worker, kept in memory, told apart by their digest."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from app.views.problems import Problem

HERE = Path(__file__).parent / "page"
#: What a page of ours may do: load from this worker, and nothing else.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


async def show_page(request: web.Request) -> web.Response:
    """Answer `/` with the dashboard; it holds no data and asks for them with the rights of whoever logs in."""
    return _file(request, "index.html")


async def show_asset(request: web.Request) -> web.Response:
    """Answer `/assets/{name}`."""
    return _file(request, request.match_info["name"])


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Return content, type and tag of each file by name; no other name is ever looked for on the disk."""
    found = {}
    for path in sorted(HERE.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = (content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')
    return found


def _file(request: web.Request, name: str) -> web.Response:
    if name not in _files():
        raise Problem(HTTPStatus.NOT_FOUND, "no such file of the dashboard")
    content, kind, tag = _files()[name]
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": PAGE_POLICY}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
