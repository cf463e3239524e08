"""Errors of the views as problem details (RFC 9457): one shape for every answer that is not what was asked for."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.typedefs import Handler

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it that; it is an answer, not a failure of ours
    """An answer with an error status; `members` extend the problem object, `headers` go with it."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> web.Response:
        """Return it as an HTTP response.

        >>> Problem(404, "no such account").response().body
        b'{"type":"about:blank","title":"Not Found","status":404,"detail":"no such account"}'
        """
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return web.Response(
            body=orjson.dumps(body), status=self.status, headers=self.headers, content_type=CONTENT_TYPE
        )


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every error the same shape; what was not foreseen is logged and says nothing of our insides."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPMethodNotAllowed as exc:
        allowed = ", ".join(sorted(exc.allowed_methods))
        detail = f"this view answers {allowed}, got {exc.method}"
        return Problem(exc.status, detail, headers={"Allow": allowed}).response()
    except web.HTTPNotFound:
        return Problem(HTTPStatus.NOT_FOUND, "no such view; GET / lists them").response()
    except web.HTTPException as exc:
        return Problem(exc.status, exc.reason).response()
    except Exception:
        logger.exception("a view failed")
        detail = "the worker could not answer; its log says why"
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()
