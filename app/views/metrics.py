"""`/metrics`: what Prometheus scrapes; no account is in it, so it is as open as the probes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from app.metrics.snapshot import expose, watch_loop
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def show_metrics(request: web.Request) -> web.Response:
    """Answer `/metrics` in Prometheus's text format."""
    worker = request.app[WORKER]
    return web.Response(body=await expose(worker.metrics, worker), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def follow_loop(app: web.Application) -> AsyncIterator[None]:
    """Measure the event loop's delay while the views are served."""
    task = asyncio.create_task(watch_loop(app[WORKER].metrics), name="event loop delay")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
