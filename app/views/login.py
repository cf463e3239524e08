"""`/login`, `/logout`, `/session`: the dashboard trades a token for a session and asks who it is."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
import orjson
from aiohttp import web

from app.views.access import CALLER, CALLERS, SESSIONS
from app.views.limits import read_json
from app.views.problems import Problem
from app.views.sessions import COOKIE, SESSION_S
from app.views.worker import WORKER

if TYPE_CHECKING:
    from app.views.callers import Caller


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `/login`."""

    token: str


async def log_in(request: web.Request) -> web.Response:
    """Answer `POST /login` with a session for a token."""
    callers = request.app[CALLERS]
    if not callers:
        raise Problem(HTTPStatus.CONFLICT, "no token is set on this worker: it answers without a login")
    caller = callers.find((await read_json(request, Login)).token.strip())
    if caller is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "no client has this token")
    cookie = request.app[SESSIONS].sign(caller, int(time.time()))
    response = _who(caller, request.app[SESSIONS].csrf_token(cookie))
    secure = request.secure or request.app[WORKER].settings.web_behind_tls
    response.set_cookie(COOKIE, cookie, max_age=SESSION_S, httponly=True, samesite="Strict", secure=secure, path="/")
    return response


async def log_out(_: web.Request) -> web.Response:
    """Answer `POST /logout`: the browser forgets its session."""
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    response.del_cookie(COOKIE, path="/")
    return response


async def show_session(request: web.Request) -> web.Response:
    """Answer `/session` with who calls, and the token that its changes need."""
    cookie = request.cookies.get(COOKIE)
    with_session = cookie is not None and "Authorization" not in request.headers and request.app[CALLERS]
    return _who(request[CALLER], request.app[SESSIONS].csrf_token(cookie or "") if with_session else None)


def _who(caller: Caller, csrf_token: str | None) -> web.Response:
    body = {"name": caller.name, "role": caller.role.name.lower(), "csrf_token": csrf_token}
    return web.Response(body=orjson.dumps(body), content_type="application/json")
