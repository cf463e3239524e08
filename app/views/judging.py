"""`POST /labels` and `POST /alerts/{alert_id}/status`: a verdict goes to `labels`, who gave it to `case-events`.

A verdict is a feature and training data from its time on; a status is what people see. Confirming or clearing an alert
writes both, the verdict first: asked again after a failure it changes nothing twice.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from aiohttp import web

from app.partitioning import partition_of
from app.views.access import CALLER
from app.views.alerts import CASES, TAIL
from app.views.cases import CaseEvent, Status
from app.views.limits import read_body, read_json
from app.views.problems import Problem
from app.views.scoring import DEPLOYMENT
from app.views.worker import WORKER
from features.clock import format_event_time
from features.errors import RejectedTransaction
from features.transaction import parse_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTE_CHARS_MAX = 400
_FIELDS = ("event_time", "amount", "payer_vpa", "payee_vpa")


class Judgement(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `/alerts/{alert_id}/status`."""

    status: Status
    note: str = ""


async def post_label(request: web.Request) -> web.Response:
    """Answer `POST /labels`: a verdict; of an alert that is at hand, `transaction_id` and `is_fraud` are enough."""
    fields = _object(await read_body(request))
    alert = request.app[TAIL].recent.get(str(fields.get("transaction_id")))
    place = await _put_verdict(request, fields, alert)
    if alert is not None:
        status: Status = "confirmed" if fields["is_fraud"] in (1, True) else "cleared"
        await _put_event(request, alert["alert_id"], status, "")
    return _accepted(place)


async def post_status(request: web.Request) -> web.Response:
    """Answer `POST /alerts/{alert_id}/status`: open, confirmed or cleared, with a note."""
    judgement = await read_json(request, Judgement)
    if len(judgement.note) > NOTE_CHARS_MAX:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"a note needs at most {NOTE_CHARS_MAX} characters")
    alert = find_alert(request)
    place: dict[str, Any] = {"transaction_id": alert["alert_id"]}
    if judgement.status != "open":
        verdict = {"transaction_id": alert["alert_id"], "is_fraud": judgement.status == "confirmed"}
        place = await _put_verdict(request, verdict, alert)
    event = await _put_event(request, alert["alert_id"], judgement.status, judgement.note)
    return _accepted({**place, "status": event.status, "by": event.by, "at": event.at})


def find_alert(request: web.Request) -> dict[str, Any]:
    """Return the alert of the path, among the newest."""
    alert = request.app[TAIL].recent.get(request.match_info["alert_id"])
    if alert is None:
        raise Problem(HTTPStatus.NOT_FOUND, "this alert is not among the newest; POST /labels takes a verdict on any")
    return alert


async def _put_verdict(
    request: web.Request, fields: Mapping[str, Any], alert: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Write a verdict with what is known of its payment, and return where it stands."""
    worker = request.app[WORKER]
    now_ms = worker.now_ms()
    known = {name: alert[name] for name in _FIELDS} if alert is not None else {}
    value = orjson.dumps({"label_time": now_ms, **known, **fields, "source": _source(request, fields)})
    try:
        verdict = parse_verdict(value, now_ms)
    except RejectedTransaction as exc:
        status = HTTPStatus.BAD_REQUEST if exc.reason == "invalid_json" else HTTPStatus.UNPROCESSABLE_ENTITY
        raise Problem(status, exc.detail, reason=exc.reason) from exc
    key = verdict.payer_vpa.encode()
    partition = partition_of(key, worker.partitions, worker.settings.partitioner)
    offset = await request.app[DEPLOYMENT].put("labels", partition, key, value)
    return {"transaction_id": verdict.transaction_id, "partition": partition, "offset": offset}


def _source(request: web.Request, fields: Mapping[str, Any]) -> Any:
    """Return who says so: always the client, then whom it says that it speaks for; nobody signs for somebody else."""
    client, given = f"web:{request[CALLER].name}", fields.get("source")
    return f"{client}:{given}" if isinstance(given, str) and given else client if given is None else given


async def _put_event(request: web.Request, alert_id: str, status: Status, note: str) -> CaseEvent:
    at = format_event_time(request.app[WORKER].now_ms())
    event = CaseEvent(alert_id, status, request[CALLER].name, at, note)
    value = msgspec.json.encode(event)
    await request.app[DEPLOYMENT].put("case-events", 0, alert_id.encode(), value)
    request.app[CASES].add(value)  # its own worker shows it at once; the topic brings it to all
    return event


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise Problem(HTTPStatus.BAD_REQUEST, f"a JSON object in UTF-8 is needed; got: {exc}") from exc
    if not isinstance(fields, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "a JSON object is needed; got another value")
    return fields


def _accepted(body: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=HTTPStatus.ACCEPTED, content_type="application/json")
