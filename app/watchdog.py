"""Ends a worker that has work and does none: a supervisor starts it again where it was.

Faust's own detector only logs. A stage partition stands still where its log reaches past what it has applied and
nothing was applied for `STALL_S`; one that alignment holds is not counted. Asking Kafka for the ends must itself end in
that time: with an answer, or with an error while no broker is there. A log that ends before what was applied ends the
worker too.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError

from app.positions import check_positions
from features.errors import AppliedBeyondEnd, BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.faust_app import PrahariApp

logger = logging.getLogger(__name__)

STALL_S = 60.0
LOOK_EVERY_S = 5.0


class Watchdog:
    """Remembers since when each partition stands where it is; pure but for what it is told.

    >>> watchdog = Watchdog(stall_s=60)
    >>> watchdog.stalled({"payer[0]": (5, 9)}, now_s=0), watchdog.stalled({"payer[0]": (5, 9)}, now_s=61)
    ([], ['payer[0]'])
    """

    def __init__(self, stall_s: float = STALL_S) -> None:
        self._stall_s = stall_s
        self._since: dict[str, tuple[int, float]] = {}

    def stalled(self, places: Mapping[str, tuple[int, int]], now_s: float) -> list[str]:
        """Return the partitions that stand still; `places` are the next offset to apply and the log's end."""
        still = []
        for name, (position, end) in places.items():
            before, since_s = self._since.get(name, (-1, now_s))
            if position != before or position >= end:
                since_s = now_s
            elif now_s - since_s > self._stall_s:
                still.append(name)
            self._since[name] = (position, since_s)
        self._since = {name: place for name, place in self._since.items() if name in places}
        return still


async def watch(app: PrahariApp, held: Callable[[str, int], bool]) -> None:
    """Look now and then until the app stops; `held(topic, partition)` is whether alignment may hold it."""
    watchdog = Watchdog()
    loop = asyncio.get_running_loop()
    while not app.should_stop:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            places = await asyncio.wait_for(_places(app, held), STALL_S)
        except TimeoutError:
            app.end_process(
                "watchdog", BrokerError(f"needed Kafka to say where logs end, got no answer in {STALL_S} s")
            )
            return
        except AppliedBeyondEnd as exc:
            app.end_process("watchdog", exc)
            return
        except KafkaError as exc:
            logger.warning("Kafka does not say where logs end: %r. Waiting for it.", exc)
            continue
        still = watchdog.stalled(places, loop.time())
        if still:
            where = ", ".join(f"{name} at {places[name][0]} of {places[name][1]}" for name in still)
            app.end_process("watchdog", BrokerError(f"needed progress within {STALL_S} s, got none: {where}"))


async def _places(app: PrahariApp, held: Callable[[str, int], bool]) -> dict[str, tuple[int, int]]:
    """Return where every open partition of a stage with a table is, and where its log ends."""
    applied: dict[Any, int] = {
        tp: task.logic.applied.source_offset + 1
        for tp, task in app.stages.open_tasks().items()
        if hasattr(task.logic, "applied") and not held(tp.topic, tp.partition)
    }
    if not applied or app.rebalancing:
        return {}
    places = {}
    ends = await app.consumer.highwaters(*applied)
    check_positions(applied, {}, ends)
    for tp, end in ends.items():
        task = app.stages.task(*tp)
        read_to = applied[tp]
        if read_to < end and task is not None and task.idle:
            # A log may end in a transaction's marker, which is read past but never applied.
            read_to = max(read_to, await app.consumer.position(tp) or 0)
        if task is None or app.stages.task(*tp) is not task:
            continue  # given up while Kafka was asked: what it was computed with is gone
        places[f"{tp.topic}[{tp.partition}]"] = (end if read_to >= end else applied[tp], end)
    return places
