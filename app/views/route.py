"""One entry of the list of views, for the router and for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.views.callers import Role


class Route(NamedTuple):
    """One view; `role` is the least that may ask it, None where it is open."""

    method: str
    path: str
    view: Callable[[web.Request], Awaitable[web.StreamResponse]]
    role: Role | None
    meaning: str


class Routes(tuple[Route, ...]):
    """All views of a worker."""

    __slots__ = ()


ROUTE_LIST = web.AppKey("routes", Routes)
