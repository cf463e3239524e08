"""`POST /control`: an admin puts rules, a model, a list entry or the alert rate in force, as the command line does.

The body is a control record without `version`, `put_at` and `put_by`: those are ours to say. What could not take force
is refused before anything is written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec
import orjson
from aiohttp import web

from agents.control_record import CONTROL_BYTES_MAX, CONTROL_VERSION, Control
from app.control import sending
from app.views.access import CALLER
from app.views.limits import read_json
from app.views.problems import Problem
from app.views.worker import WORKER
from features.errors import ControlError


async def post_control(request: web.Request) -> web.Response:
    """Answer with the record's place in `control`; it takes force at its place in the log of each payee partition."""
    record = _record(await read_json(request, dict[str, Any], CONTROL_BYTES_MAX), request[CALLER].name)
    worker = request.app[WORKER]
    try:
        offset = await sending.put(record, worker.client_options, worker.settings.topic_prefix)
    except ControlError as exc:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc
    return web.Response(
        body=orjson.dumps({"offset": offset}), status=HTTPStatus.ACCEPTED, content_type="application/json"
    )


def _record(fields: dict[str, Any], put_by: str) -> Control:
    """Return the record that a body comes to; nobody signs for somebody else."""
    ours = {"version", "put_at", "put_by"} & set(fields)
    if ours:
        raise Problem(HTTPStatus.BAD_REQUEST, f"{', '.join(sorted(ours))}: said by the worker, not by the client")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        record: Control = msgspec.convert(
            {**fields, "version": CONTROL_VERSION, "put_by": put_by, "put_at": now}, Control
        )
    except msgspec.ValidationError as exc:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"no control record: {exc}") from exc
    return record
