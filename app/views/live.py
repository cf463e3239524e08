"""`/live`: what the dashboard shows as it happens, as server-sent events.

An `overview` each second, an `alert` when one is given, a `case` when somebody judges one. One look a second serves
everybody who watches, and nobody watching costs nothing but two tails. A client that does not keep up is sent away;
it comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import orjson
from aiohttp import web

from app.views.alerts import CASES, TAIL
from app.views.problems import Problem
from app.views.pulse import Hits, Latencies, Rate, Sampled, Spending
from app.views.sampler import Sampler
from app.views.tail import TopicTail
from app.views.worker import WORKER
from features.clock import day_text, ist_day

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

logger = logging.getLogger(__name__)

CLIENTS_MAX = 50
_EVENTS_WAITING_MAX = 100
_BUDGET_BACK = 200
_LOOK_EVERY_S = 1.0


class Live:
    """What is shown, and who watches."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        worker = app[WORKER]
        self._sampler = Sampler(worker.settings.topic_prefix, worker.partitions, worker.client_options)
        self.spending = Spending()
        self.rate = Rate()
        self.latencies = Latencies()
        self.hits = Hits()
        self.watchers: set[asyncio.Queue[bytes | None]] = set()
        self._watched = asyncio.Event()

    @contextlib.contextmanager
    def watching(self) -> Any:
        """Give a queue of events while somebody watches; None in it sends them away."""
        if len(self.watchers) >= CLIENTS_MAX:
            detail = f"at most {CLIENTS_MAX} dashboards are served by one worker; ask another"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "30"})
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_EVENTS_WAITING_MAX)
        self.watchers.add(queue)
        self._watched.set()
        try:
            yield queue
        finally:
            self.watchers.discard(queue)

    def tell(self, event: str, data: Any) -> None:
        """Send an event to everybody who watches."""
        message = b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
        for queue in list(self.watchers):
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self.watchers.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)

    async def run(self) -> None:
        """Look once a second as long as somebody watches."""
        while True:
            if not self.watchers:
                self._watched.clear()
                await self._sampler.stop()
                await self._watched.wait()
            start_s = time.monotonic()
            try:
                await self._sample()
            except Exception as exc:  # noqa: BLE001 - a view ends no worker; the next look tries again
                logger.warning("the newest decisions could not be looked at: %r", exc)
                await self._sampler.stop()
            self.rate.look(self.spending.seen, time.monotonic())
            self.tell("overview", self.overview())
            await asyncio.sleep(max(0.1, _LOOK_EVERY_S - (time.monotonic() - start_s)))

    async def stop(self) -> None:
        """Send everybody away."""
        for queue in list(self.watchers):
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)
        await self._sampler.stop()

    def overview(self) -> dict[str, Any]:
        """Return the numbers of now."""
        worker = self._app[WORKER]
        today = day_text(ist_day(worker.now_ms()))
        readiness = worker.readiness()
        return {
            "today": today,
            "budget": self.spending.day(today),
            "rate": self.rate.points[-1] if self.rate.points else None,
            "latency_ms": self.latencies.quantiles(time.monotonic()),
            "tiers": self.hits.tiers(),
            "sampled": self.hits.sampled,
            "judged": self._app[CASES].judged(),
            "workers": 1 + len(worker.peers()),
            "ready": not readiness.reason,
            "reason": readiness.reason,
            "lag": sum(readiness.lag.values()),
            "model_version": readiness.model_version,
            "rules_version": readiness.rules_version,
        }

    async def _sample(self) -> None:
        rules = self._app[WORKER].rules()
        sampled = []
        for decision, latency_ms in await asyncio.wait_for(self._sampler.look(), 5):
            if latency_ms is not None:
                self.latencies.add(latency_ms, time.monotonic())
            row = decision.get("features")
            shadow = () if row is None else rules.shadow_hits([float("nan") if x is None else x for x in row])
            sampled.append(Sampled((*decision["rules"], *shadow), decision["risk_tier"]))
        self.hits.add(sampled)


LIVE = web.AppKey("live", Live)


async def go_live(app: web.Application) -> AsyncIterator[None]:
    """Follow the budget and look at decisions while the views are served."""
    worker = app[WORKER]
    live = app[LIVE] = Live(app)
    prefix = worker.settings.topic_prefix
    budget = TopicTail(f"{prefix}alert-budget", 1, worker.client_options, back=_BUDGET_BACK, take=live.spending.add)
    app[TAIL].recent.on_new = lambda alert: _tell_alert(app, alert)
    app[CASES].on_new = lambda event: live.tell("case", event)
    tasks = [asyncio.create_task(budget.run(), name="budget tail"), asyncio.create_task(live.run(), name="live")]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await live.stop()


def _tell_alert(app: web.Application, alert: dict[str, Any]) -> None:
    if app[TAIL].caught_up.is_set():
        app[LIVE].tell("alert", {**alert, "status": app[CASES].status(alert["alert_id"])})


async def leave(app: web.Application) -> None:
    """Send everybody away at once when the worker stops: an open stream delays no hand-over."""
    await app[LIVE].stop()


async def show_live(request: web.Request) -> web.StreamResponse:
    """Answer `/live` with events until the client goes."""
    live = request.app[LIVE]
    with live.watching() as queue:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        first = orjson.dumps({**live.overview(), "rates": list(live.rate.points)})
        await response.write(b"retry: 2000\nevent: overview\ndata: " + first + b"\n\n")
        while (message := await queue.get()) is not None:
            await response.write(message)
    return response
