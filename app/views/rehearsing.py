"""`/score` with `dry_run`: asks the worker of the payer's account, then that of the payee's, and remembers nothing.

`/rehearsals/payer` and `/rehearsals/payee` are how workers ask each other.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import orjson
from aiohttp import web

from app.partitioning import partition_of
from app.score.rehearsal import Rehearsed, decide, payer_half
from app.views.limits import read_json
from app.views.live import LIVE
from app.views.locate import PEERS
from app.views.peers import credentials
from app.views.problems import Problem
from app.views.worker import WORKER
from features.clock import day_text, ist_day
from features.errors import RejectedTransaction
from features.fields import check_kept_ranges, to_vpa
from features.murmur import murmur2_partition
from features.transaction import Transaction
from features.vector import PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from app.score.payment import Asked
    from app.score.verdict import Verdict


class Half(msgspec.Struct):
    """What the payer's worker gives."""

    row: list[float | None]


class Rehearsal(msgspec.Struct):
    """What a worker is asked: the payment as parsed, and for the payee's worker the payer's half of its row."""

    transaction: Transaction
    row: list[float | None] = []


async def rehearse(request: web.Request, asked: Asked) -> Verdict:
    """Return the verdict that a payment would get now."""
    worker, txn = request.app[WORKER], asked.transaction
    home = partition_of(txn.payer_vpa.encode(), worker.partitions, worker.settings.partitioner)
    half: list[float | None] | None = payer_half(worker, home, txn)  # type: ignore[assignment] # JSON has no NaN
    if half is None:
        url = worker.owner("transactions", home)
        half = (await _ask(request, url, "payer", Rehearsal(txn), Half)).row
    home = murmur2_partition(txn.payee_vpa.encode(), worker.partitions)
    decided = decide(worker, home, txn, half)
    if decided is None:
        url = worker.owner("transactions-by-payee", home)
        decided = await _ask(request, url, "payee", Rehearsal(txn, half), Rehearsed)
    report = request.app[LIVE].spending.day(day_text(ist_day(txn.event_time_ms)))
    return decided.verdict(txn, None if report is None else report["threshold"])


async def show_payer_half(request: web.Request) -> web.Response:
    """Answer `POST /rehearsals/payer` for another worker."""
    worker = request.app[WORKER]
    asked = await _read(request, row_length=0)
    home = partition_of(asked.transaction.payer_vpa.encode(), worker.partitions, worker.settings.partitioner)
    half = payer_half(worker, home, asked.transaction)
    if half is None:
        raise _elsewhere()
    return web.Response(body=orjson.dumps({"row": half}), content_type="application/json")


async def show_decision(request: web.Request) -> web.Response:
    """Answer `POST /rehearsals/payee` for another worker."""
    worker = request.app[WORKER]
    asked = await _read(request, row_length=PAYER_FEATURE_COUNT)
    home = murmur2_partition(asked.transaction.payee_vpa.encode(), worker.partitions)
    decided = decide(worker, home, asked.transaction, asked.row)
    if decided is None:
        raise _elsewhere()
    return web.Response(body=msgspec.json.encode(decided), content_type="application/json")


async def _read(request: web.Request, row_length: int) -> Rehearsal:
    """Return what a worker asks; 422 for what none would: compiled features take numbers as parsing bounds them."""
    asked = await read_json(request, Rehearsal)
    txn = asked.transaction
    try:
        check_kept_ranges(txn.event_time_ms, txn.amount_paise)
        to_vpa(txn.payer_vpa, "payer_vpa")
        to_vpa(txn.payee_vpa, "payee_vpa")
    except (ValueError, RejectedTransaction) as exc:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc
    if len(asked.row) != row_length:
        detail = f"a row of {row_length} features is needed, got {len(asked.row)}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return asked


async def _ask(request: web.Request, url: str | None, whom: str, question: Rehearsal, answer: Any) -> Any:
    """Return what another worker says; a problem where it is gone or its partition is moving."""
    headers = {**credentials(request), "Content-Type": "application/json"}
    try:
        if url is not None:
            body = msgspec.json.encode(question)
            async with request.app[PEERS].post(f"{url}/rehearsals/{whom}", data=body, headers=headers) as response:
                if response.status == HTTPStatus.OK:
                    return msgspec.json.decode(await response.read(), type=answer)
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
        pass
    raise _elsewhere()


def _elsewhere() -> Problem:
    detail = "no worker that can be asked has the account ready; ask again in a few seconds"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "2"})
