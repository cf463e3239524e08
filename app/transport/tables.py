"""Restore and start after each assignment, in place of Faust's record-by-record recovery.

```
assignment ─► every partition: take the transactional id ─► read the changelog to its end ─► claim ─┐
              fetcher parked, then seek each partition to what its state has applied ◄──────────────┘ ─► flow
```

Changelogs are not among the consumer's subscriptions: each partition restores with a client of its own.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import faust
from aiokafka.errors import IllegalStateError
from faust.tables.manager import TableManager
from mode import Service

from app import garbage
from app.positions import check_positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import TP

    from app.transport.stages import Stages

logger = logging.getLogger(__name__)


class StageTable(faust.Table):
    """A Faust table whose changelog and directories belong to its stage: Faust shows it and reads it."""

    async def on_start(self) -> None:
        """Start the store; the changelog topic was made up front."""
        await self.add_runtime_dependency(self.data)


class StageRecovery(Service):
    """What Faust's table manager calls on a rebalance."""

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.app = app
        self.completed = asyncio.Event()
        self.in_recovery = False
        self._wanted = asyncio.Event()
        self._generation: int | None = None

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Give up whatever assignment is being opened: the consumer released its stages before Faust heard of it."""
        self._generation = None
        self._wanted.clear()

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Begin to open what is assigned now."""
        logger.info("assigned %d partitions in generation %d", len(assigned), generation_id)
        self._generation = generation_id
        self.completed.clear()
        self._wanted.set()

    @Service.task
    async def _serve(self) -> None:
        while not self.should_stop:
            await self.wait_for_stopped(self._wanted)
            if self.should_stop:
                return
            self._wanted.clear()
            if self._generation is None:
                continue  # given up before it began
            opening = asyncio.create_task(self._open(self._generation))
            try:
                await opening
            except asyncio.CancelledError:
                if self.should_stop:
                    raise
                logger.info("another rebalance began while partitions were opened")
            except Exception as exc:  # noqa: BLE001 - a worker that cannot open its partitions is none
                self.app.end_process("restore", exc)

    async def _open(self, generation: int) -> None:
        app, consumer = self.app, self.app.consumer
        stages = cast("Stages", app.stages)
        app.in_recovery = self.in_recovery = True
        assigned = consumer.assignment()
        positions = await stages.open(assigned)
        if positions:  # there may be more workers than partitions
            begins, ends = await consumer.earliest_offsets(*positions), await consumer.highwaters(*positions)
            check_positions(positions, begins, ends)
        await app.on_rebalance_complete.send()
        await consumer.parked()
        if self._generation != generation:
            return
        try:
            await self._read_from(positions)
        except IllegalStateError:  # not ours any more
            if self._generation == generation:
                raise
        if self._generation != generation:
            return  # a rebalance began: were records let in now, the next assignment would wait for them for ever
        app.in_recovery = self.in_recovery = False
        consumer.resume_partitions(assigned)
        stages.start()
        self._resume()

    async def _read_from(self, positions: Mapping[TP, int]) -> None:
        """Read partitions from where their state is, and the others from where the group committed."""
        consumer = self.app.consumer
        if consumer.assignment():  # there may be more workers than partitions
            await consumer.perform_seek()
        for tp, position in positions.items():
            await consumer.seek(tp, position)
        # State may be ahead of what the group committed, and nothing may come to acknowledge: the lag would stay.
        await consumer.commit_applied(positions)

    def _resume(self) -> None:
        app = self.app
        self.completed.set()
        app.flow_control.resume()
        app.consumer.resume_flow()
        app.tables.on_actives_ready()
        app.tables.on_standbys_ready()
        app.on_rebalance_end()
        self.add_future(app._fetcher.maybe_start())
        garbage.settle()
        logger.info("worker ready")


class StageTableManager(TableManager):
    """Faust's table manager without changelog channels and with our recovery."""

    @property
    def recovery(self) -> Any:
        if getattr(self, "_recovery", None) is None:
            self._recovery: Any = StageRecovery(self.app, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Start at once: all topics are there."""
        await self._update_channels()
        await self.recovery.start()

    async def _update_channels(self) -> None:
        self._tables_finalized.set()
        for table in self.values():
            await table.maybe_start()
        self._tables_registered.set()
