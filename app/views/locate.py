"""Finds what some worker holds: here first, then at every peer that may hold it, and never "no" without all answers.

```
GET /payers/ravi@okaxis ─┬─► own open partitions ─────────────────────────────────────────┐
                         └─► unless these are all: each peer, at once: GET ...?local=1 ──┴─► newest, 404, or 503
```

A payer lives where its producer's partitioner put it, so all partitions are looked into. Each answer names the
partitions that it covers: while some have no answer (a worker is down, restoring or catching up), what was not found
may still be there, and the answer is 503 with their numbers, not a wrong 404.
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

from app.views.peers import asking_tls, credentials
from app.views.problems import Problem
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

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
    tls = asking_tls(app[WORKER].settings)
    connector = aiohttp.TCPConnector(ssl=tls) if tls is not None else None
    async with aiohttp.ClientSession(
        timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        app[PEERS] = session
        yield


async def respond(request: web.Request, question: Question) -> web.Response:
    """Answer a question for the client, or for a peer where it asks with `?local=1`."""
    alone = "local" in request.query or question.may_hold <= set(request.app[WORKER].open_partitions(question.topic))
    looking: list[Awaitable[Answer]] = [look_here(request, question)]
    answers = await asyncio.gather(*looking, *([] if alone else _ask_peers(request, question)))
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


async def look_here(request: web.Request, question: Question) -> Answer:
    """Look into the partitions that are open here; those that have not caught up may miss what they should hold."""
    worker = request.app[WORKER]
    tasks = {
        partition: task
        for partition, task in worker.open_partitions(question.topic).items()
        if partition in question.may_hold
    }
    found = _look(question, tasks)
    if found:
        return Answer(found, frozenset(tasks))
    caught_up = await worker.caught_up(question.topic, tasks)
    still_open = worker.open_partitions(question.topic)
    tasks = {partition: still_open[partition] for partition in tasks if partition in still_open}
    behind = frozenset(tasks) - caught_up
    silence = f"this worker is still catching up in {_places(question, behind)}" if behind else ""
    return Answer(_look(question, tasks), caught_up & frozenset(tasks), silence)


def _look(question: Question, tasks: Mapping[int, PartitionTask]) -> tuple[dict[str, Any], ...]:
    bodies = [(partition, question.look(task)) for partition, task in tasks.items()]
    return tuple({**body, "partition": partition} for partition, body in bodies if body is not None)


def _ask_peers(request: web.Request, question: Question) -> list[Awaitable[Answer]]:
    headers = credentials(request)
    params = {**question.params, "local": "1"}
    path = request.rel_url.raw_path
    return [
        _ask(request.app[PEERS], URL(peer).with_path(path, encoded=True), params, headers)
        for peer in request.app[WORKER].peers()
    ]


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
    why = "; ".join(silences) or (
        "no worker that can be asked has it ready; partitions are moving or being restored, or several workers give "
        "the same NODE_CANONICAL_URL"
    )
    detail = (
        f"needed all partitions that may hold {question.what}, got no answer for {_places(question, missing)}: {why}"
    )
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{detail}. Ask again in a few seconds.",
        headers={"Retry-After": "2"},
        missing_partitions=list(missing),
    )


def _places(question: Question, partitions: Iterable[int]) -> str:
    return f"{question.topic}[{', '.join(map(str, sorted(partitions)))}]"
