"""Finds what some worker holds: here first, then at every peer that may hold it, and never "no" without all answers.

```
GET /payers/ravi@okaxis ─► own open partitions ─► all that may hold it looked into? ── yes ─► newest, or 404
                                     │ no
                                     └─► peers, at once: GET ...?local=1 ─► their partitions ─► newest, 404, or 503
```

A payer lives where its producer's partitioner put it, so all partitions are looked into. Each answer names the
partitions that it covers: while some have no answer (a worker is down, or restoring), what was not found may still be
there, and the answer is 503 with their numbers, not a wrong 404.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

from app.views.problems import Problem
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from agents.delivery import PartitionTask

#: A peer that needs longer counts as one that did not answer: it is frozen, gone or busy restoring.
PEER_TIMEOUT_S = 2.0
PARTITIONS_HEADER = "Prahari-Partitions"
PEERS: web.AppKey[aiohttp.ClientSession] = web.AppKey("peers", aiohttp.ClientSession)

_partition_list = re.compile(r"[0-9]+(,[0-9]+)*").fullmatch


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: `look` returns a body from one open partition of `topic`, or None if it is not there.

    `may_hold` are the partitions that can hold it; of several bodies the one with the greatest `rank` is the answer.
    """

    what: str
    topic: str
    may_hold: frozenset[int]
    look: Callable[[PartitionTask], dict[str, Any] | None]
    params: dict[str, str]
    rank: Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one worker said: bodies found, partitions looked into; `silence` is why it said nothing."""

    bodies: tuple[dict[str, Any], ...] = ()
    covered: frozenset[int] = frozenset()
    silence: str = ""


async def connect_peers(app: web.Application) -> AsyncIterator[None]:
    """Hold the HTTP client for peers while the views are served."""
    timeout = aiohttp.ClientTimeout(total=PEER_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        app[PEERS] = session
        yield


async def respond(request: web.Request, question: Question) -> web.Response:
    """Answer a question for the client, or for a peer where it asks with `?local=1`."""
    answers = [look_here(request, question)]
    if "local" not in request.query and question.may_hold - answers[0].covered:
        answers += await _ask_peers(request, question)
    covered = frozenset[int]().union(*(answer.covered for answer in answers))
    headers = {PARTITIONS_HEADER: ",".join(map(str, sorted(covered)))}
    bodies = [body for answer in answers for body in answer.bodies]
    if bodies:
        newest = max(bodies, key=question.rank)
        return web.Response(body=orjson.dumps(newest), content_type="application/json", headers=headers)
    missing = sorted(question.may_hold - covered)
    if missing and "local" not in request.query:
        raise _incomplete(question, missing, [answer.silence for answer in answers if answer.silence])
    raise Problem(HTTPStatus.NOT_FOUND, f"{question.what} is not known", headers=headers)


def look_here(request: web.Request, question: Question) -> Answer:
    """Look into the partitions that are open here."""
    tasks = request.app[WORKER].open_partitions(question.topic)
    bodies = [
        {**body, "partition": partition}
        for partition, task in tasks.items()
        if partition in question.may_hold and (body := question.look(task)) is not None
    ]
    return Answer(tuple(bodies), frozenset(tasks))


async def _ask_peers(request: web.Request, question: Question) -> list[Answer]:
    headers = {name: request.headers[name] for name in ("Authorization",) if name in request.headers}
    params = {**question.params, "local": "1"}
    session = request.app[PEERS]
    path = request.rel_url.raw_path
    return await asyncio.gather(
        *(
            _ask(session, URL(peer).with_path(path, encoded=True), params, headers)
            for peer in request.app[WORKER].peers()
        )
    )


async def _ask(session: aiohttp.ClientSession, url: URL, params: dict[str, str], headers: dict[str, str]) -> Answer:
    peer = str(url.origin())
    try:
        async with session.get(url, params=params, headers=headers, allow_redirects=False) as response:
            covered = response.headers.get(PARTITIONS_HEADER, "")
            if response.status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
                return Answer(silence=f"{peer} answered {response.status}")
            found = (orjson.loads(await response.read()),) if response.status == HTTPStatus.OK else ()
            numbers = map(int, covered.split(",")) if _partition_list(covered) else ()
            return Answer(found, frozenset(numbers))
    except TimeoutError:
        return Answer(silence=f"{peer} did not answer within {PEER_TIMEOUT_S} s")
    except (aiohttp.ClientError, ValueError) as exc:
        return Answer(silence=f"{peer} cannot be asked ({type(exc).__name__})")


def _incomplete(question: Question, missing: Sequence[int], silences: Sequence[str]) -> Problem:
    partitions = ", ".join(map(str, missing))
    why = "; ".join(silences) or "no worker that was asked has it open: partitions are moving or being restored"
    detail = (
        f"needed all partitions that may hold {question.what}, got no answer for {question.topic}[{partitions}]: {why}"
    )
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{detail}. Ask again in a few seconds.",
        headers={"Retry-After": "2"},
        missing_partitions=list(missing),
    )
