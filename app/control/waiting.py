"""Waits until a control record has taken force everywhere: forwarded, and applied by every partition it went to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from app.faust_app import APP_NAME
from app.lag import GroupLag
from features.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLL_S = 0.2


async def wait_applied(offset: int, client_options: Mapping[str, Any], topic_prefix: str, partitions: int) -> None:
    """Return when all stages have applied the record; raises `ControlError` where no worker runs that could."""
    lag = GroupLag(f"{topic_prefix}{APP_NAME}", topic_prefix, partitions, client_options)
    await lag.start()
    try:
        while await lag.committed("control") <= offset:
            if not await lag.has_members():
                raise ControlError("no worker runs: the record takes force when one has started")
            await asyncio.sleep(_POLL_S)
        for topic in ("transactions-by-payee", "candidates"):
            end = await lag.end(topic)
            while await lag.committed(topic) < end:
                if not await lag.has_members():
                    raise ControlError("the last worker ended: the record takes force when one has started")
                await asyncio.sleep(_POLL_S)
    finally:
        await lag.stop()
