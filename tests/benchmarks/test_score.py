"""The client that asks `/score` for the benchmark: open loop, on connections that stay."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.score import HTTP_OK, NO_ANSWER, ask


class Stalling:
    """Answers every request at once but those that carry `stall`: they and what comes meanwhile wait for the gate."""

    def __init__(self) -> None:
        self.seen = 0
        self.connections: set[object] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, request: web.Request) -> web.Response:
        """Count, wait for the gate, answer."""
        self.seen += 1
        self.connections.add(request.transport)
        if await request.read() == b"stall":
            self.gate.clear()
            asyncio.get_running_loop().call_later(0.3, self.gate.set)
        await self.gate.wait()
        return web.Response()


async def test_a_stall_is_charged_to_every_request_that_came_due_meanwhile() -> None:
    """Requests go on leaving while the server stalls, and each one's latency runs from when it was due."""
    stalling = Stalling()
    app = web.Application()
    app.router.add_post("/score", stalling.answer)
    async with TestServer(app) as server:
        first = time.time() + 0.1
        bodies = [b"stall", *[b"{}"] * 20]
        answers = await ask(str(server.make_url("/score")), bodies, [first + at / 100 for at in range(21)])

    assert stalling.seen == 21
    assert {answer.status for answer in answers} == {HTTP_OK}
    assert answers[0].latency_ms >= 290
    assert answers[10].latency_ms >= 150


async def test_connections_are_kept_for_the_next_request() -> None:
    """One after the other, all go over one connection."""
    stalling = Stalling()
    app = web.Application()
    app.router.add_post("/score", stalling.answer)
    async with TestServer(app) as server:
        first = time.time()
        await ask(str(server.make_url("/score")), [b"{}"] * 5, [first + 0.2 * at for at in range(5)])

    assert len(stalling.connections) == 1


async def test_a_server_that_is_gone_counts_as_no_answer() -> None:
    """A refused connection neither ends the measurement nor passes for a fast answer."""
    async with TestServer(web.Application()) as server:
        url = str(server.make_url("/score"))

    answers = await ask(url, [b"{}"], [time.time()])

    assert [answer.status for answer in answers] == [NO_ANSWER]
