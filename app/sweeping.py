"""Asks an open partition for a slice of its sweep now and then; see `agents.sweep`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agents.sweep import sweep_chunk

if TYPE_CHECKING:
    from agents.delivery import PartitionTask
    from agents.sweep import Sweeping

#: A million accounts in four partitions are looked at within ten minutes, for a thousandth of a core.
ASK_EVERY_S = 1.0


async def keep_swept(task: PartitionTask, sweeping: Sweeping) -> None:
    """Ask until cancelled; a partition with enough to do is not asked."""
    while True:
        await asyncio.sleep(ASK_EVERY_S)
        if sweeping.wants and not task.full:
            task.deliver(sweep_chunk())
