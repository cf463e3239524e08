"""How an open partition is left: by its alignment when nothing comes any more, and by its table where opening fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agents.delivery import PartitionTask
    from agents.payer import PayerLogic
    from tables.partition import TablePartition

T = TypeVar("T")

IDLE_S = 2.0


async def leave_when_idle(task: PartitionTask, logic: PayerLogic) -> None:
    """Take a partition out of alignment when nothing comes any more; its log may end in a transaction's marker."""
    while True:
        idle, before = task.idle, logic.applied.source_offset
        await asyncio.sleep(IDLE_S)
        if idle and task.idle and logic.applied.source_offset == before:
            logic.caught_up()


async def or_close(awaited: Awaitable[T], table: TablePartition, close_table: Callable[[], Any]) -> T:
    """Await what opening needs beside its table; where that fails or is given up, the table is closed."""
    try:
        return await awaited
    except BaseException:
        table.close()
        await close_table()
        raise
