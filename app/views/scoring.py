"""`POST /score` and `/score/batch`: one payment or many, scored by the stream while the client waits.

Any worker answers; the one that has the payer's account does the work, since it knows what came before. `/admissions`
is how workers ask the one that runs the budget.
"""

from __future__ import annotations

import asyncio
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import orjson
from aiohttp import web

from app.partitioning import partition_of
from app.score.deployment import ADMISSION_WAIT_S, Deployment
from app.score.desk import Conflict, Desk, Forgotten, Overloaded
from app.score.earlier import Earlier
from app.score.payment import Asked, read_payment
from app.score.tail import VerdictTail
from app.score.verdict import undecided
from app.views.access import SESSIONS
from app.views.limits import BATCH_BYTES_MAX, read_body, read_json
from app.views.locate import PEERS
from app.views.parameters import read_whole
from app.views.peers import credentials, own_credentials
from app.views.problems import CONTENT_TYPE, Problem
from app.views.rehearsing import rehearse
from app.views.worker import WORKER
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DESK = web.AppKey("desk", Desk)
EARLIER = web.AppKey("earlier", Earlier)
DEPLOYMENT = web.AppKey("deployment", Deployment)
#: Says that a worker asks for its client, and since when the payment is under way, in epoch ms.
RECEIVED_HEADER = "Prahari-Received-Ms"
BATCH_MAX = 500
_PEER_GRACE_S = 0.2
_BATCH_AT_ONCE = 100
_epoch_ms = re.compile(r"[0-9]{1,15}").fullmatch


async def open_desk(app: web.Application) -> AsyncIterator[None]:
    """Keep the desk while the views are served; it connects to Kafka with the first payment."""
    worker = app[WORKER]
    prefix, options = worker.settings.topic_prefix, worker.client_options
    app[EARLIER] = Earlier(prefix, worker.partitions, options)
    app[DEPLOYMENT] = Deployment(worker, app[PEERS], lambda: own_credentials(app[SESSIONS]))
    tail = VerdictTail(worker.waiters, prefix, worker.partitions, options)
    app[DESK] = Desk(app[DEPLOYMENT], worker.waiters, tail, app[EARLIER])
    yield
    await app[DESK].stop()
    await tail.stop()
    await app[EARLIER].stop()
    await app[DEPLOYMENT].stop()


async def score(request: web.Request) -> web.Response:
    """Answer `POST /score`."""
    status, body = await _score(request, await read_body(request), dry_run=_is_dry(request))
    return web.Response(
        body=body, status=status, content_type="application/json" if status == HTTPStatus.OK else CONTENT_TYPE
    )


async def score_batch(request: web.Request) -> web.Response:
    """Answer `POST /score/batch`: as many results as payments, in their order, each with a status of its own."""
    payments = await read_json(request, list[msgspec.Raw], BATCH_BYTES_MAX)
    if not 1 <= len(payments) <= BATCH_MAX:
        raise Problem(HTTPStatus.BAD_REQUEST, f"needed 1 to {BATCH_MAX} payments, got {len(payments)}")
    at_once = asyncio.Semaphore(_BATCH_AT_ONCE)
    dry_run = _is_dry(request)

    async def one(payment: msgspec.Raw) -> dict[str, Any]:
        async with at_once:
            try:
                status, body = await _score(request, bytes(payment), dry_run=dry_run)
            except Problem as problem:
                status, body = problem.status, bytes(problem.response().body)  # type: ignore[arg-type] # set as bytes
        return {"status": int(status), "result": orjson.Fragment(body)}

    results = await asyncio.gather(*map(one, payments))
    return web.Response(body=orjson.dumps({"results": results}), content_type="application/json")


async def show_admission(request: web.Request) -> web.Response:
    """Answer `/admissions/{partition}/{sequence}`: 410 for one before our time, 404 for one not counted yet."""
    worker = request.app[WORKER]
    partition, sequence = (read_whole(request.match_info[name], name) for name in ("partition", "sequence"))
    if worker.open_partition("candidates", 0) is None:
        raise Problem(HTTPStatus.NOT_FOUND, "the budget runs on another worker")
    found = await worker.admissions.wait(partition, sequence, ADMISSION_WAIT_S)
    if found is None:
        gone = worker.admissions.before_our_time(partition, sequence)
        raise Problem(HTTPStatus.GONE if gone else HTTPStatus.NOT_FOUND, "the budget does not know this decision")
    body = {"should_alert": found.should_alert, "threshold": found.threshold}
    return web.Response(body=orjson.dumps(body), content_type="application/json")


async def _score(request: web.Request, body: bytes, *, dry_run: bool) -> tuple[int, bytes]:
    """Return status and body of the answer on one payment."""
    start_s = time.perf_counter()
    worker = request.app[WORKER]
    settings = worker.settings
    asked = _read(request, body)
    if dry_run or asked.dry_run:
        verdict = await rehearse(request, asked)
        return HTTPStatus.OK, orjson.dumps(verdict.answer(_ms_since(start_s)))
    home = partition_of(asked.transaction.payer_vpa.encode(), worker.partitions, settings.partitioner)
    owner = None if RECEIVED_HEADER in request.headers else worker.owner("transactions", home)
    try:
        if owner is not None and (forwarded := await _forward(request, owner, body)) is not None:
            return forwarded
        verdict = await request.app[DESK].score(asked, home, settings.score_time_limit_ms / 1000)
    except TimeoutError:
        if settings.score_fail_open:
            return HTTPStatus.OK, orjson.dumps(undecided(asked.transaction.transaction_id, _ms_since(start_s)))
        detail = f"no verdict within {settings.score_time_limit_ms} ms; the payment is counted once: ask again for it"
        raise Problem(HTTPStatus.GATEWAY_TIMEOUT, detail, headers={"Retry-After": "1"}) from None
    except RejectedTransaction as exc:
        raise _refused(exc) from exc
    except Conflict as exc:
        detail = "another payment has this transaction_id"
        raise Problem(HTTPStatus.CONFLICT, detail, reason="conflicting_duplicate") from exc
    except Forgotten as exc:
        detail = "this payment was counted before, and its decision is no longer among the newest that are kept at hand"
        raise Problem(HTTPStatus.CONFLICT, detail, reason="decided_before") from exc
    except Overloaded as exc:
        detail = "too many payments wait for their verdicts"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"}) from exc
    return HTTPStatus.OK, orjson.dumps(verdict.answer(_ms_since(start_s)))


def _is_dry(request: web.Request) -> bool:
    return request.query.get("dry_run", "false").lower() not in ("false", "0", "no")


def _read(request: web.Request, body: bytes) -> Asked:
    received = request.headers.get(RECEIVED_HEADER, "")
    now_ms = int(received) if _epoch_ms(received) else request.app[WORKER].now_ms()
    try:
        return read_payment(body, now_ms)
    except RejectedTransaction as exc:
        raise _refused(exc) from exc


def _refused(exc: RejectedTransaction) -> Problem:
    status = HTTPStatus.BAD_REQUEST if exc.reason == "invalid_json" else HTTPStatus.UNPROCESSABLE_ENTITY
    return Problem(status, exc.detail, reason=exc.reason)


def _ms_since(start_s: float) -> float:
    return (time.perf_counter() - start_s) * 1000


async def _forward(request: web.Request, owner: str, body: bytes) -> tuple[int, bytes] | None:
    """Ask the worker that has the payer's account; None where it cannot be asked. Asking twice counts once."""
    worker = request.app[WORKER]
    headers = {
        **credentials(request),
        RECEIVED_HEADER: str(worker.now_ms()),
        "Content-Type": "application/json",
    }
    timeout = aiohttp.ClientTimeout(total=worker.settings.score_time_limit_ms / 1000 + _PEER_GRACE_S)
    try:
        async with request.app[PEERS].post(f"{owner}/score", data=body, headers=headers, timeout=timeout) as response:
            known = response.status != HTTPStatus.UNAUTHORIZED
            return (response.status, await response.read()) if known else None
    except aiohttp.ClientError:
        return None
